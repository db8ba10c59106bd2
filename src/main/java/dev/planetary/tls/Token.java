package dev.planetary.tls;

import java.security.SecureRandom;
import java.util.HexFormat;

/** The secret that a cluster's HTTP routes ask for. */
public final class Token {

    private static final SecureRandom RANDOM = new SecureRandom();

    private Token() {}

    /** {@return 256 random bits as 64 lower-case hex digits, safe in a header, a cookie and a file} */
    public static String create() {
        var bytes = new byte[32];
        RANDOM.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
