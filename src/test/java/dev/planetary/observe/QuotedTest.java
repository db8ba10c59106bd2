package dev.planetary.observe;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuotedTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            GET https://a.blob.core.windows.net/c/b.tif?sv=2021&sig=aBc%2Fd%3D&se=1 403 | GET https://a.blob.core.windows.net/c/b.tif?sv=2021&sig=…&se=1 403
            url=https%3A%2F%2Fx%3Fsig%3DaBcDe                                           | url=https%3A%2F%2Fx%3Fsig%3D…
            AccountName=a;AccountKey=abc+/==                                            | AccountName=a;AccountKey=…
            Authorization: Bearer eyJhbGci.x.y                                          | Authorization: Bearer …
            no route to https://me:hunter2@proxy:3128/                                  | no route to https://me:…@proxy:3128/
            TOKEN=abc                                                                   | TOKEN=…
            token expired at tcp://10.0.0.1:8786                                        | token expired at tcp://10.0.0.1:8786
            """)
    void secrets_are_taken_out_and_the_rest_stays(String said, String quoted) {
        assertThat(Quoted.end(said)).isEqualTo(quoted);
        assertThat(Quoted.beginning(said)).isEqualTo(quoted);
    }

    @Test
    void long_texts_are_cut_after_secrets_are_out() {
        var log = "sig=" + "S".repeat(5000) + " " + "x".repeat(5000) + " the last line";

        assertThat(Quoted.end(log))
                .hasSizeLessThan(700)
                .endsWith("the last line")
                .doesNotContain("S");
        assertThat(Quoted.beginning(log))
                .hasSizeLessThan(1300)
                .startsWith("sig=…")
                .doesNotContain("S");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "-",
                "9",
                "::",
                "exit code: 1",
                "Üble Sache",
                "Crash:",
                "a:-",
                "context deadline exceeded (rpc)",
                "Ok_",
                "日本",
                "_x:,"
            })
    void any_word_becomes_a_reason_that_the_API_takes(String said) {
        assertThat(Quoted.reason(said)).matches("[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?");
        assertThat(Quoted.reason(said.repeat(2000)))
                .matches("[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?")
                .hasSizeLessThan(1024);
    }

    @Test
    void a_proper_reason_stays_as_it_is() {
        assertThat(Quoted.reason("WorkerCrashLoopBackOff")).isEqualTo("WorkerCrashLoopBackOff");
    }
}
