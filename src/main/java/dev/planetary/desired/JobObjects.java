package dev.planetary.desired;

import dev.planetary.api.PlanetaryCluster;
import dev.planetary.api.PlanetaryJob;
import dev.planetary.api.PlanetaryJobSpec;
import dev.planetary.api.SchedulerSpec;
import dev.planetary.api.WorkersSpec;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.util.ArrayList;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What a job has beside its runners: its own cluster, and the files that runners mount. */
public final class JobObjects {
    static final String SCRIPT = "script.py";
    static final String PARAMETERS = "parameters.json";
    private static final String TEMPLATE = "template.json";

    private JobObjects() {}

    /** Empty: it refers to one that is there. */
    public static Optional<PlanetaryCluster> cluster(PlanetaryJob job) {
        return job.getSpec().ownCluster().map(spec -> {
            var cluster = new PlanetaryCluster();
            cluster.setMetadata(meta(job));
            cluster.setSpec(spec);
            return cluster;
        });
    }

    /**
     * Script, parameters, and the template that runners are made with: a retry is made as the attempt before, whatever was changed
     * meanwhile.
     */
    public static ConfigMap files(PlanetaryJob job) {
        var spec = job.getSpec();
        var data = new TreeMap<String, String>();
        if (spec.script() != null) {
            data.put(SCRIPT, spec.script());
        }
        data.put(PARAMETERS, Json.text(spec.parameters()));
        data.put(TEMPLATE, Json.text(spec.template()));
        return new ConfigMapBuilder().withMetadata(meta(job)).withData(data).build();
    }

    /** The files that are there, with the template of now: for a job that has not started, or not since it was suspended. */
    public static ConfigMap onto(ConfigMap live, ConfigMap wanted) {
        return new ConfigMapBuilder(live).withData(wanted.getData()).build();
    }

    /** The template that was kept. */
    public static Map<String, Object> template(ConfigMap files) {
        return Json.map(Json.read(files.getData().getOrDefault(TEMPLATE, "{}")));
    }

    /** Names all templates of a job, which CEL cannot compare: another hash is a change that was let through. */
    public static String templates(PlanetaryJobSpec spec) {
        var all = new ArrayList<Map<String, Object>>();
        all.add(spec.template());
        if (spec.cluster() != null) {
            all.add(Optional.ofNullable(spec.cluster().scheduler())
                    .map(SchedulerSpec::template)
                    .orElse(Map.of()));
            spec.cluster().groups().values().stream().map(WorkersSpec::template).forEach(all::add);
        }
        return Json.hash(all);
    }

    private static ObjectMeta meta(PlanetaryJob job) {
        return new ObjectMetaBuilder()
                .withName(JobNames.of(job).own())
                .withNamespace(job.getMetadata().getNamespace())
                .withLabels(Labels.ofJob(job.getMetadata().getName()))
                .withOwnerReferences(Labels.owner(job))
                .build();
    }
}
