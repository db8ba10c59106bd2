package dev.planetary.azure;

/** Azure did not do what it was asked. */
public final class ArmException extends Exception {
    private static final long serialVersionUID = 1;

    private final transient ArmError error;

    public ArmException(ArmError error) {
        super(error.code() + ": " + error.message(), null, false, false);
        this.error = error;
    }

    public ArmError error() {
        return error;
    }
}
