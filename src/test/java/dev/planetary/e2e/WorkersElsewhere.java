package dev.planetary.e2e;

import static java.net.HttpURLConnection.HTTP_NOT_FOUND;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/**
 * The Dask workers of pods that only seem to run: each is one of Dask's own, and all of them live in one process, in the pod of their
 * scheduler. A worker that ends lets its pod end, as a kubelet would; a pod that goes takes its worker along.
 */
final class WorkersElsewhere implements ResourceEventHandler<Pod>, AutoCloseable {
    private static final Duration LOOK = Duration.ofMillis(100);

    /** Its name, and what it publishes and answers, are what the preload of workers gives the worker of a pod. */
    private static final String PROGRAM =
            """
            import asyncio, os, sys
            sys.path.insert(0, "/etc/planetary/preload")
            import planetary_worker
            from distributed import Client, Worker, get_worker, wait

            SCHEDULER = "tls://127.0.0.1:" + os.environ["DASK_SCHEDULER_ADDRESS"].rpartition(":")[2]
            workers, tasks = {}, set()

            def square(x):
                get_worker().log_event("ran", x)
                return x * x

            async def live(pod, uid):
                worker = Worker(SCHEDULER, name=f"{pod}-{uid[:8]}", nthreads=1, memory_limit=0, dashboard=False)
                worker.startup_information["planetary"] = lambda _: {"uid": uid, "group": "default"}
                worker.handlers["planetary_tasks"] = lambda keys: planetary_worker.tasks(worker, keys)
                workers[uid] = worker
                await worker
                await worker.finished()
                print("LEFT", pod, uid)

            async def main():
                async with Client(SCHEDULER, asynchronous=True) as client:
                    while words := (await asyncio.to_thread(sys.stdin.readline)).split():
                        match words:
                            case "start", pod, uid:
                                tasks.add(asyncio.create_task(live(pod, uid)))
                            case "stop", uid:
                                tasks.add(asyncio.create_task(workers[uid].close(timeout=1)))
                            case "compute", numbers:
                                held = client.map(square, range(int(numbers)))
                                await wait(held)
                                print("HELD", len({w for ws in (await client.who_has(held)).values() for w in ws}))
                            case ["check"]:
                                right = await client.gather(held) == [x * x for x in range(len(held))]
                                ran = [x for _, x in await client.get_events("ran")]
                                print("RIGHT", right, len(ran) - len(held))
                                held = None

            asyncio.run(main())
            """;

    private final RealCluster real;
    private final Dialogue program;
    private final Set<String> begun = ConcurrentHashMap.newKeySet();
    private final Set<String> ended = ConcurrentHashMap.newKeySet();
    private final SharedIndexInformer<Pod> pods;
    private final Thread ends;

    WorkersElsewhere(RealCluster real, String cluster) {
        this.real = real;
        program = real.talk(real.scheduler(cluster), PROGRAM);
        pods = real.watchWorkers(cluster, this);
        ends = Thread.ofVirtual().start(() -> {
            while (!Thread.interrupted()) {
                program.lines("LEFT").forEach(this::left);
                LockSupport.parkNanos(LOOK.toNanos());
            }
        });
    }

    /** Computes so many numbers, and keeps them; on how many workers they are. */
    int compute(int numbers) {
        say("compute " + numbers);
        return Integer.parseInt(program.await("HELD"));
    }

    /** Whether the numbers are right, and how many had to be computed again. They are not kept any longer. */
    String check() {
        say("check");
        return program.await("RIGHT");
    }

    @Override
    public void onAdd(Pod pod) {
        seen(pod);
    }

    @Override
    public void onUpdate(Pod before, Pod pod) {
        seen(pod);
    }

    @Override
    public void onDelete(Pod pod, boolean stateUnknown) {
        var uid = pod.getMetadata().getUid();
        if (begun.contains(uid) && ended.add(uid)) {
            say("stop " + uid);
        }
    }

    @Override
    public void close() {
        ends.interrupt();
        pods.close();
        program.close();
    }

    private void seen(Pod pod) {
        if ("Running".equals(pod.getStatus().getPhase())
                && begun.add(pod.getMetadata().getUid())) {
            say("start " + pod.getMetadata().getName() + " " + pod.getMetadata().getUid());
        }
    }

    /** @param words name and uid of a pod */
    private void left(String words) {
        var pod = words.split(" ");
        if (!ended.add(pod[1])) {
            return;
        }
        try {
            real.client()
                    .pods()
                    .inNamespace(real.namespace())
                    .withName(pod[0])
                    .editStatus(p -> p.getMetadata().getUid().equals(pod[1]) ? succeeded(p) : p);
        } catch (KubernetesClientException e) {
            if (e.getCode() != HTTP_NOT_FOUND) {
                throw e;
            }
        }
    }

    private static Pod succeeded(Pod pod) {
        return new PodBuilder(pod)
                .editStatus()
                .withPhase("Succeeded")
                .editMatchingCondition(c -> "Ready".equals(c.getType()))
                .withStatus("False")
                .withReason("PodCompleted")
                .endCondition()
                .editFirstContainerStatus()
                .withReady(false)
                .withNewState()
                .withNewTerminated()
                .withExitCode(0)
                .withReason("Completed")
                .endTerminated()
                .endState()
                .endContainerStatus()
                .endStatus()
                .build();
    }

    private synchronized void say(String words) {
        program.say(words);
    }
}
