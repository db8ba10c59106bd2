package dev.planetary.stac;

import java.util.Optional;

/** What is known of where a collection lies. */
public sealed interface CollectionPlace {

    /**
     * The catalogue has it.
     *
     * @param region  as nodes' labels have it, such as westeurope; empty: the catalogue names none
     * @param account the storage account, if it names one
     */
    record Found(Optional<String> region, Optional<String> account) implements CollectionPlace {}

    /** The catalogue has no such collection. */
    record NotFound() implements CollectionPlace {}

    /**
     * The catalogue has been asked in vain, and will be asked again.
     *
     * @param why for people, with nothing of the answer in it
     */
    record Unanswered(String why) implements CollectionPlace {}

    /** The first answer is on its way. */
    record Asking() implements CollectionPlace {}

    /** There is no catalogue to ask. */
    record NoCatalogue() implements CollectionPlace {}
}
