package dev.planetary.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A machine outside of the cluster: a network namespace of its own, in which some addresses are reached and nothing else; neither pods nor
 * Services, nor what listens on this machine. Where the cluster is not on this machine, or this is not root, it is just this machine.
 */
final class Laptop implements AutoCloseable {
    private final String name;
    private final boolean apart;

    /** @param number makes it another one than those beside it, 0 to 250 */
    Laptop(int number, String... reaches) {
        name = "planetary-" + number;
        apart = possible();
        if (!apart) {
            return;
        }
        var gateway = "10.247." + number + ".1";
        if (Files.exists(Path.of("/run/netns", name))) { // of a run that was killed
            close();
        }
        ip("netns", "add", name);
        ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name);
        ip("addr", "add", gateway + "/30", "dev", name);
        ip("link", "set", name, "up");
        inside("addr", "add", "10.247." + number + ".2/30", "dev", "eth0");
        inside("link", "set", "eth0", "up");
        inside("link", "set", "lo", "up");
        for (var address : reaches) {
            inside("route", "add", address, "via", gateway);
        }
    }

    /** Whether the node is this machine, and we may make network namespaces. */
    static boolean possible() {
        return Files.exists(Path.of("/sys/class/net/planetary0"))
                && "root".equals(System.getProperty("user.name"))
                && Files.isExecutable(Path.of("/usr/sbin/ip"));
    }

    /** What comes before a command that runs there. */
    List<String> prefix() {
        return apart ? List.of("ip", "netns", "exec", name) : List.of();
    }

    @Override
    public void close() {
        if (apart) {
            if (Files.exists(
                    Path.of("/sys/class/net", name))) { // first, for it would go with the namespace, some time later
                ip("link", "delete", name);
            }
            ip("netns", "delete", name);
        }
    }

    private void inside(String... words) {
        ip(Stream.concat(Stream.of("-n", name), Stream.of(words)).toArray(String[]::new));
    }

    private static void ip(String... words) {
        var command = new ArrayList<>(List.of("ip"));
        command.addAll(List.of(words));
        try {
            var process = new ProcessBuilder(command).redirectErrorStream(true).start();
            var said = new String(process.getInputStream().readAllBytes());
            assertThat(process.waitFor()).as("%s: %s", command, said).isZero();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
