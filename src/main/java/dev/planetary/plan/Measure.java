package dev.planetary.plan;

import java.math.BigDecimal;
import java.math.RoundingMode;

/** What a namespace may have at the most. */
public enum Measure {
    /** Clusters that have pods, or are about to. */
    CLUSTERS("clusters", "may have"),
    /** Dask workers. */
    WORKERS("workers", "may have"),
    /** CPUs of schedulers and workers, in thousandths. */
    CORES("cores", "may use"),
    /** Memory of schedulers and workers, in bytes. */
    MEMORY("memory", "may use");

    private static final int BITS_OF_A_MI = 20;
    private static final int BITS_OF_A_GI = 30;

    private final String word;
    private final String verb;

    Measure(String word, String verb) {
        this.word = word;
        this.verb = verb;
    }

    /** The name of the setting, below {@code planetary.limits}. */
    public String setting() {
        return word;
    }

    String verb() {
        return verb;
    }

    /** With its unit, such as "3 workers", "2.5 cores" and "16Gi of memory". */
    String text(long amount) {
        return number(amount)
                + switch (this) {
                    case CLUSTERS, WORKERS -> " " + (amount == 1 ? word.substring(0, word.length() - 1) : word);
                    case CORES -> amount == 1000 ? " core" : " cores";
                    case MEMORY -> " of memory";
                };
    }

    String number(long amount) {
        return switch (this) {
            case CLUSTERS, WORKERS -> String.valueOf(amount);
            case CORES -> BigDecimal.valueOf(amount, 3).stripTrailingZeros().toPlainString();
            case MEMORY ->
                amount >= 1L << BITS_OF_A_GI ? parts(amount, BITS_OF_A_GI) + "Gi" : parts(amount, BITS_OF_A_MI) + "Mi";
        };
    }

    private static String parts(long bytes, int bits) {
        var number = BigDecimal.valueOf(bytes).divide(BigDecimal.valueOf(1L << bits), 1, RoundingMode.HALF_UP);
        return number.signum() == 0 ? "0" : number.stripTrailingZeros().toPlainString();
    }
}
