package dev.planetary.sas;

import java.util.Optional;
import java.util.regex.Pattern;

/** What a token opens, as the Planetary Computer's SAS API names it. Made by the factories only: each part is safe in a path. */
public sealed interface TokenScope {

    /** A container of a storage account. */
    record Container(String account, String container) implements TokenScope {
        @Override
        public String path() {
            return account + "/" + container;
        }
    }

    /** The container that a collection of the catalogue lies in. */
    record Collection(String id) implements TokenScope {
        @Override
        public String path() {
            return id;
        }
    }

    /** Azure's rule for names of storage accounts. */
    Pattern ACCOUNT = Pattern.compile("[a-z0-9]{3,24}");
    /** Azure's rule for names of containers; $root and $web are its own. */
    Pattern CONTAINER = Pattern.compile("\\$?[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?");

    Pattern COLLECTION = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

    /** {@return what stands after {@code /token/} in the API} */
    String path();

    /** {@return empty: Azure has no such names} */
    static Optional<TokenScope> container(String account, String container) {
        return ACCOUNT.matcher(account).matches()
                        && CONTAINER.matcher(container).matches()
                ? Optional.of(new Container(account, container))
                : Optional.empty();
    }

    /** {@return empty: no collection is called so} */
    static Optional<TokenScope> collection(String id) {
        return COLLECTION.matcher(id).matches() ? Optional.of(new Collection(id)) : Optional.empty();
    }
}
