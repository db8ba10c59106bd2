package dev.planetary.sas;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AdmissionTest {
    private static final String SUFFIX = ".blob.core.windows.net";
    private final Admission open = new Admission(Set.of(), Set.of(), SUFFIX);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://naipeuwest.blob.core.windows.net/naip/v002/a.tif",
                "https://naipeuwest.blob.core.windows.net/naip",
                "https://naipeuwest.blob.core.windows.net/naip/a b[1]:+.parquet?comp=list"
            })
    void a_blob_s_address_names_its_container(String href) {
        assertThat(open.ofBlob(href)).contains(new TokenScope.Container("naipeuwest", "naip"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "http://naipeuwest.blob.core.windows.net/naip/a.tif",
                "https://naipeuwest.blob.core.windows.net",
                "https://naipeuwest.blob.core.windows.net/",
                "https://naipeuwest.blob.core.windows.net.example.org/naip/a.tif",
                "https://example.org/?.blob.core.windows.net/naip/a.tif",
                "https://someone@naipeuwest.blob.core.windows.net/naip/a.tif",
                "https://naipeuwest.blob.core.windows.net:8443/naip/a.tif",
                "https://naipeuwest.blob.core.windows.net/../a.tif"
            })
    void nothing_else_does(String href) {
        assertThat(open.ofBlob(href)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"..", "a/../b", "NAIP", "a%2fb", "a?b", "", "-a", "a-"})
    void names_that_Azure_has_not_make_no_path(String name) {
        assertThat(TokenScope.container("naipeuwest", name)).isEmpty();
        assertThat(TokenScope.container(name, "naip")).isEmpty();
    }

    @Test
    void where_accounts_are_named_others_and_collections_get_nothing() {
        var closed = new Admission(Set.of("naipeuwest"), Set.of(), SUFFIX);

        assertThat(closed.admits(new TokenScope.Container("naipeuwest", "naip")))
                .isTrue();
        assertThat(closed.admits(new TokenScope.Container("landsateuwest", "landsat-c2")))
                .isFalse();
        assertThat(closed.admits(new TokenScope.Collection("naip"))).isFalse();
        assertThat(open.admits(new TokenScope.Collection("naip"))).isTrue();
    }

    @Test
    void collections_can_be_named_too() {
        var closed = new Admission(Set.of("naipeuwest"), Set.of("naip"), SUFFIX);

        assertThat(closed.admits(new TokenScope.Collection("naip"))).isTrue();
        assertThat(closed.admits(new TokenScope.Collection("gbif"))).isFalse();
    }
}
