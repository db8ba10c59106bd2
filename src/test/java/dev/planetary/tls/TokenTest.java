package dev.planetary.tls;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TokenTest {

    @Test
    void hasSixtyFourHexDigits() {
        assertThat(Token.create()).matches("[0-9a-f]{64}");
    }

    @Test
    void isNeverTheSame() {
        assertThat(Token.create()).isNotEqualTo(Token.create());
    }
}
