# Sourced: by this label dev/standin/down knows what dev/standin/up made (manifests.yaml has it, too).
STANDIN_LABEL=app.kubernetes.io/part-of=planetary-standin
