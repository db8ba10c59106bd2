# The operator's image: a JRE and the Quarkus application in layers, the one that changes most last.
ARG BASE_IMAGE=debian:trixie-slim
FROM ${BASE_IMAGE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends openjdk-25-jre-headless ca-certificates \
 && rm -rf /var/lib/apt/lists/*
COPY target/quarkus-app/lib/ /app/lib/
COPY target/quarkus-app/quarkus-run.jar /app/
COPY target/quarkus-app/quarkus/ /app/quarkus/
COPY target/quarkus-app/app/ /app/app/
LABEL org.opencontainers.image.title="planetary-operator" \
      org.opencontainers.image.description="Turns PlanetaryCluster objects into Dask clusters next to the Planetary Computer's data" \
      org.opencontainers.image.licenses="Apache-2.0"
USER 1000:1000
WORKDIR /app
# Serial GC, compact headers and the first compiler alone: a control loop is mostly idle, and its memory is what users pay for. The second
# compiler costs 70 MB and saves no processor time with 100 clusters made at once. A heap that shrinks to what is in it (docs/benchmarks.md).
ENV JAVA_TOOL_OPTIONS="-XX:+UseSerialGC -XX:+UseCompactObjectHeaders -XX:TieredStopAtLevel=1 -XX:MaxRAMPercentage=35 -Xmn16m -XX:MinHeapFreeRatio=5 -XX:MaxHeapFreeRatio=10 -XX:+ExitOnOutOfMemoryError -Djava.util.logging.manager=org.jboss.logmanager.LogManager"
EXPOSE 8080
ENTRYPOINT ["java", "-jar", "/app/quarkus-run.jar"]
