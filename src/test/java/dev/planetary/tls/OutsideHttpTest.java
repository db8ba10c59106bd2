package dev.planetary.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A server of sockets and bytes, for what proper ones do not do. */
class OutsideHttpTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: ";

    private final ServerSocket server;

    OutsideHttpTest() throws IOException {
        server = new ServerSocket(0, 5, InetAddress.ofLiteral("127.0.0.1"));
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    @Test
    void what_comes_in_time_is_an_answer_whatever_its_status() throws IOException {
        var answer = http(Duration.ofSeconds(30), 100).send(request());

        try (var connection = accept()) {
            say(connection, "HTTP/1.1 503 No\r\nRetry-After: 7\r\nContent-Length: 5\r\n\r\nlater");
            var response = answer.join();
            assertThat(response.statusCode()).isEqualTo(503);
            assertThat(OutsideHttp.retryAfter(response)).contains(Duration.ofSeconds(7));
        }
    }

    @Test
    void a_body_that_does_not_end_is_waited_for_no_longer_than_the_limit_and_its_connection_is_given_up()
            throws IOException {
        var http = http(Duration.ofSeconds(1), 100);
        var answer = http.send(request());

        try (var connection = accept()) {
            say(connection, OK + "50\r\n\r\nand then");
            assertThatThrownBy(answer::join)
                    .isInstanceOf(CompletionException.class)
                    .satisfies(e -> assertThat(http.words("it", e)).isEqualTo("it does not answer within 1 s"));
            assertThat(connection.getInputStream().readAllBytes())
                    .as("the rest of what was sent, to its end")
                    .isNotNull();
        }
    }

    @Test
    void a_body_that_is_too_long_is_no_answer() throws IOException {
        var http = http(Duration.ofSeconds(30), 10);
        var answer = http.send(request());

        try (var connection = accept()) {
            say(connection, OK + "11\r\n\r\n01234567890");
            assertThatThrownBy(answer::join)
                    .satisfies(e -> assertThat(http.words("it", e)).startsWith("it cannot be reached: "));
        }
    }

    @Test
    void nobody_is_followed_elsewhere() throws IOException {
        var answer = http(Duration.ofSeconds(30), 100).send(request());

        try (var connection = accept()) {
            say(connection, "HTTP/1.1 302 There\r\nLocation: http://other.example/\r\nContent-Length: 0\r\n\r\n");
            assertThat(answer.join().statusCode()).isEqualTo(302);
        }
    }

    @Test
    void who_is_not_there_cannot_be_reached() throws IOException {
        server.close();
        var http = http(Duration.ofSeconds(30), 100);

        assertThatThrownBy(http.send(request())::join)
                .satisfies(e -> assertThat(http.words("it", e)).isEqualTo("it cannot be reached: ConnectException"));
    }

    private static OutsideHttp http(Duration limit, int longestBody) {
        return new OutsideHttp(Authorities.andAlso(Optional.empty()), limit, longestBody);
    }

    private HttpRequest.Builder request() {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.getLocalPort() + "/"));
    }

    /** Waits for the request's head. */
    private Socket accept() throws IOException {
        var connection = server.accept();
        connection.setSoTimeout(30_000);
        var head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            head.append((char) connection.getInputStream().read());
        }
        return connection;
    }

    private static void say(Socket connection, String words) throws IOException {
        connection.getOutputStream().write(words.getBytes(StandardCharsets.US_ASCII));
        connection.getOutputStream().flush();
    }
}
