package dev.planetary.stac;

import static org.assertj.core.api.Assertions.assertThat;

import dev.planetary.stac.CollectionPlace.Found;
import dev.planetary.stac.CollectionPlace.NotFound;
import dev.planetary.stac.CollectionPlace.Unanswered;
import dev.planetary.tls.Authorities;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The catalogue's client, with real sockets. */
class HttpCatalogueTest {
    private final StacServer server = new StacServer();
    private final Catalogue catalogue =
            new HttpCatalogue(server.url(), Authorities.andAlso(Optional.empty()), Duration.ofSeconds(30));

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void reads_where_a_collection_is() {
        server.has("naip", "westeurope");

        assertThat(catalogue.collection("naip").place())
                .isEqualTo(new Found(Optional.of("westeurope"), Optional.of("naipeuwest")));
        assertThat(server.asked()).containsExactly("/api/stac/v1/collections/naip");
    }

    @Test
    void a_region_is_spelt_as_labels_are() {
        server.has("naip", "West Europe");

        assertThat(catalogue.collection("naip").place())
                .isEqualTo(new Found(Optional.of("westeurope"), Optional.of("naipeuwest")));
    }

    @Test
    void other_catalogues_name_no_region() {
        server.replies("naip", 200, "{\"id\": \"naip\"}");

        assertThat(catalogue.collection("naip").place()).isEqualTo(new Found(Optional.empty(), Optional.empty()));
    }

    @Test
    void what_is_not_there_is_not_found() {
        assertThat(catalogue.collection("naip").place()).isEqualTo(new NotFound());
    }

    @ParameterizedTest
    @ValueSource(strings = {"../admin", "a/b", "", "a?b", ".."})
    void what_is_no_id_is_not_sent(String id) {
        assertThat(catalogue.collection(id).place()).isEqualTo(new NotFound());
        assertThat(server.asked()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"{\"id\": \"naip\", \"msft:region\": \"a b\\nc: d\"}", "{\"id\": \"naip\", \"msft:region\": 7}"})
    void a_region_that_is_none_is_no_answer(String body) {
        server.replies("naip", 200, body);

        assertThat(catalogue.collection("naip").place()).isEqualTo(new Unanswered("its msft:region is no region"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"<html>sig=secret</html>", "[]", "{}", ""})
    void what_is_no_collection_is_no_answer_and_not_quoted(String body) {
        server.replies("naip", 200, body);

        assertThat(catalogue.collection("naip").place())
                .isEqualTo(new Unanswered("it answers with something that is no collection"));
    }

    @Test
    void trouble_is_no_answer() {
        server.replies("naip", 503, "try later");

        assertThat(catalogue.collection("naip"))
                .isEqualTo(new Catalogue.Answer(new Unanswered("it answers 503"), Optional.empty()));
    }

    @Test
    void a_429_tells_how_long_to_wait() {
        server.replies("naip", 429, "");

        assertThat(catalogue.collection("naip").pause()).contains(Duration.ofSeconds(23));
    }

    @Test
    void silence_is_waited_for_no_longer_than_the_limit() {
        server.hold();
        var impatient = new HttpCatalogue(server.url(), Authorities.andAlso(Optional.empty()), Duration.ofSeconds(1));

        assertThat(impatient.collection("naip").place()).isEqualTo(new Unanswered("it does not answer within 1 s"));
    }

    @Test
    void a_server_that_is_not_there_is_no_answer() {
        server.close();

        assertThat(catalogue.collection("naip").place()).isInstanceOf(Unanswered.class);
    }
}
