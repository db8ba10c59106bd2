package dev.planetary.sas;

import java.util.Optional;
import java.util.Set;

/**
 * Which tokens are handed out.
 *
 * @param accounts    storage accounts; empty: all that the Planetary Computer knows
 * @param collections collections; empty: all, or none where accounts are named, for a collection does not say whose it is
 * @param blobSuffix  what the host of a blob's address ends with, after the account
 */
record Admission(Set<String> accounts, Set<String> collections, String blobSuffix) {
    private static final String HTTPS = "https://";

    Admission {
        accounts = Set.copyOf(accounts);
        collections = Set.copyOf(collections);
    }

    boolean admits(TokenScope scope) {
        return switch (scope) {
            case TokenScope.Container blob -> accounts.isEmpty() || accounts.contains(blob.account());
            case TokenScope.Collection(var id) -> collections.isEmpty() ? accounts.isEmpty() : collections.contains(id);
        };
    }

    /**
     * What a blob lies in. By hand: names of blobs hold what a URI may not.
     *
     * @return empty: it is no address of a blob
     */
    Optional<TokenScope> ofBlob(String href) {
        if (!href.startsWith(HTTPS)) {
            return Optional.empty();
        }
        var rest = href.substring(HTTPS.length());
        var slash = rest.indexOf('/');
        var host = slash < 0 ? rest : rest.substring(0, slash);
        if (slash < 0 || !host.endsWith(blobSuffix)) {
            return Optional.empty();
        }
        var container = rest.substring(slash + 1).split("[/?#]", 2)[0];
        return TokenScope.container(host.substring(0, host.length() - blobSuffix.length()), container);
    }
}
