package dev.planetary.plan;

import dev.planetary.observe.ObservedPod;

/**
 * A pod that goes, and why.
 *
 * @param message for people
 */
public record Departure(ObservedPod pod, Reason reason, String message) {
    /** It goes only because another comes in its place: where none can come, it stays. */
    boolean makesWay() {
        return reason == Reason.SpotUnavailable || reason == Reason.SpecChanged && pod.isScheduler();
    }

    /** Why a pod goes; the name is the reason of the event that users see. */
    public enum Reason {
        /** Fewer workers are wanted. */
        ScaledDown(false),
        /** It was retired and has ended as it should. */
        Retired(false),
        /** The accepted spec changed. */
        SpecChanged(false),
        /** Its certificate authority was replaced because something of it leaked. */
        CaRotated(false),
        /** It waited for a place on a spot node too long: one for regular nodes is made instead. */
        SpotUnavailable(false),
        /** Its node announces its end. */
        NodeEnding(false),
        /** The cluster is suspended. */
        Suspended(false),
        /** The cluster's time is up. */
        Stopped(false),
        /** Kubernetes took it from its node. */
        Evicted(true),
        /** Its container failed for good. */
        Failed(true),
        /** It ended without an error although it is wanted: a worker does so when its scheduler dies. */
        Completed(true);

        private final boolean warning;

        Reason(boolean warning) {
            this.warning = warning;
        }

        public boolean warning() {
            return warning;
        }
    }
}
