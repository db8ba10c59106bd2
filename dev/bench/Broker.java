import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * The load of dev/bench/broker: a token service that counts, and readers who ask the broker for tokens at a steady rate. A request's time
 * counts from when it should have been sent, so that a broker (or a machine) that stalls is not let off.
 */
final class Broker {
    private static final String[] CONTAINERS = {"sentinel2l2a01/sentinel2-l2", "landsateuwest/landsat-c2", "naipeuwest/naip"};

    public static void main(String... args) throws Exception {
        switch (args[0]) {
            case "upstream" -> upstream(Integer.parseInt(args[1]));
            case "readers" -> readers(args[1], Integer.parseInt(args[2]), Integer.parseInt(args[3]), Path.of(args[4]));
            default -> throw new IllegalArgumentException(args[0]);
        }
    }

    /** Every answer takes 200 ms, as over the internet. GET /count tells how many were given. */
    private static void upstream(int port) throws IOException {
        var server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        var count = new AtomicInteger();
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", exchange -> {
            try (exchange) {
                var counted = exchange.getRequestURI().getPath().equals("/count");
                if (!counted) {
                    count.incrementAndGet();
                    LockSupport.parkNanos(Duration.ofMillis(200).toNanos());
                }
                var end = Instant.now().plusSeconds(2700).truncatedTo(ChronoUnit.SECONDS);
                var token = "st=2026-01-01T00%3A00%3A00Z&sp=rl&sv=2020-02-10&sr=c&sig=" + "x".repeat(43) + "%3D";
                var body = counted
                        ? String.valueOf(count.get()).getBytes()
                        : "{\"msft:expiry\":\"%s\",\"token\":\"%s\"}".formatted(end, token).getBytes();
                exchange.sendResponseHeaders(200, body.length);
                exchange.getResponseBody().write(body);
            }
        });
        server.start();
    }

    private static void readers(String broker, int rate, int seconds, Path process) throws Exception {
        var http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        var cold = new ArrayList<CompletableFuture<?>>();
        for (var i = 0; i < 200; i++) {
            cold.add(http.sendAsync(request(broker, 0), BodyHandlers.discarding()));
        }
        CompletableFuture.allOf(cold.toArray(CompletableFuture[]::new)).join();
        System.out.println("200 at once for a cold container: " + asked() + " request upstream");
        load(http, broker, rate, 5); // warms both JVMs
        var before = cpu(process);
        var times = load(http, broker, rate, seconds);
        var used = cpu(process) - before;
        Arrays.sort(times);
        System.out.printf(
                "%d requests/s for %d s: p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms, longest %.1f ms%n",
                rate, seconds, at(times, 0.5), at(times, 0.99), at(times, 0.999), at(times, 1));
        System.out.printf("%.0f us of processor each%n", 1e6 * used / times.length);
        System.out.println("upstream was asked " + asked() + " times for " + CONTAINERS.length + " containers");
        Files.lines(process.resolve("status")).filter(l -> l.startsWith("VmRSS") || l.startsWith("VmHWM")).forEach(System.out::println);
    }

    /** Seconds of processor that the broker has used. */
    private static double cpu(Path process) throws IOException {
        var fields = Files.readString(process.resolve("stat")).replaceFirst(".*\\) ", "").split(" ");
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / 100.0;
    }

    private static long[] load(HttpClient http, String broker, int rate, int seconds) {
        var times = new long[rate * seconds];
        var all = new ArrayList<CompletableFuture<?>>(times.length);
        var begin = System.nanoTime();
        for (var i = 0; i < times.length; i++) {
            var at = begin + i * 1_000_000_000L / rate;
            while (System.nanoTime() < at) {
                LockSupport.parkNanos(at - System.nanoTime());
            }
            var n = i;
            all.add(http.sendAsync(request(broker, n), BodyHandlers.discarding()).thenAccept(answer -> {
                if (answer.statusCode() != 200) {
                    throw new IllegalStateException("answered " + answer.statusCode());
                }
                times[n] = System.nanoTime() - at;
            }));
        }
        CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).join();
        return times;
    }

    private static HttpRequest request(String broker, int n) {
        return HttpRequest.newBuilder(URI.create(broker + "/api/sas/v1/token/" + CONTAINERS[n % CONTAINERS.length])).build();
    }

    private static String asked() throws Exception {
        var count = URI.create(System.getenv("UPSTREAM") + "/count");
        return HttpClient.newHttpClient().send(HttpRequest.newBuilder(count).build(), BodyHandlers.ofString()).body();
    }

    private static double at(long[] sorted, double share) {
        return sorted[Math.max(0, (int) Math.ceil(sorted.length * share) - 1)] / 1e6;
    }
}
