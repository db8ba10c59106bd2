package dev.planetary.observe;

import java.util.regex.Pattern;

/** What others wrote (pods, the API server, users), made fit for a status or an event: without secrets, and bounded. */
public final class Quoted {
    /** Of a pod's words: some lines of a log. */
    private static final int LONGEST_END = 600;
    /** Of a program's last words, so that they fit an event with what is said around them. */
    private static final int LONGEST_WORDS = 900;

    /** Of a whole message. */
    private static final int LONGEST = 1200;

    private static final Pattern SECRET = Pattern.compile(
            "(?i)((?:sig|token|password|accountkey|subscription-key)(?:=|%3D)|bearer |://[^/\\s:@]*:(?=[^/\\s@]+@))[^&\\s\"'@]+");
    private static final Pattern NOT_IN_A_REASON = Pattern.compile("^[^A-Za-z]+|[^A-Za-z0-9_,:]");
    private static final int LONGEST_REASON = 128;

    private Quoted() {}

    /** The end of a text: of a log it tells more than the beginning. */
    public static String end(String text) {
        var said = scrubbed(text);
        return said.length() <= LONGEST_END ? said : "…" + said.substring(said.length() - LONGEST_END);
    }

    /** The end of what a program said. */
    public static String lastWords(String text) {
        var said = scrubbed(text);
        return said.length() <= LONGEST_WORDS ? said : "…" + said.substring(said.length() - LONGEST_WORDS);
    }

    /** The beginning of a text, long enough for what the API server has against a pod. */
    public static String beginning(String text) {
        var said = scrubbed(text);
        return said.length() <= LONGEST ? said : said.substring(0, LONGEST) + "…";
    }

    /** A condition's reason as meta/v1 wants it; container runtimes may give any. */
    public static String reason(String reason) {
        var word = NOT_IN_A_REASON
                .matcher(reason.length() <= LONGEST_REASON ? reason : reason.substring(0, LONGEST_REASON))
                .replaceAll("");
        var ended = word.replaceAll("[,:]+$", "");
        return ended.isEmpty() ? "Unknown" : ended;
    }

    private static String scrubbed(String text) {
        return SECRET.matcher(text).replaceAll("$1…").strip();
    }
}
