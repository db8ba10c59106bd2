package dev.planetary.desired;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fabric8.kubernetes.api.model.Quantity;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AmountsTest {
    @ParameterizedTest
    @CsvSource({
        "1, 1000",
        "500m, 500",
        "4Gi, 4294967296000",
        "1e3, 1000000",
        "0, 0",
        "-2, 0",
        "1e-300000000, 0",
        "1e300000000, 9223372036854775807",
        "10000000000G, 9223372036854775807",
        "8Ei, 9223372036854775807",
    })
    void thousandths_of_whatever_somebody_wrote(String quantity, long thousandths) {
        assertThat(Amounts.scaled(new Quantity(quantity), 3)).isEqualTo(thousandths);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "much", "1e3000000000", "1 Gi"})
    void no_quantity(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> Amounts.of(new Quantity(text)));
    }

    @Test
    void a_long_one_is_not_even_read() {
        assertThatIllegalArgumentException().isThrownBy(() -> Amounts.of(new Quantity("1".repeat(1_000_000))));
    }
}
