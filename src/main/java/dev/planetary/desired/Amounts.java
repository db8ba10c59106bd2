package dev.planetary.desired;

import io.fabric8.kubernetes.api.model.Quantity;
import java.math.BigDecimal;

/**
 * Amounts of quantities that anybody may have written, in a template for one, which the API server looks at only when a pod is made:
 * {@code 1e300000000} is short, and its digits fill any memory.
 */
public final class Amounts {
    /** Above, Kubernetes itself tells no amounts apart. */
    private static final BigDecimal MOST = BigDecimal.valueOf(Long.MAX_VALUE);
    /** Of digits before or behind the point. */
    private static final int FAR = 40;

    private static final int LONGEST = 64;

    private Amounts() {}

    /**
     * @return between 0 and 2^63 - 1
     * @throws IllegalArgumentException if it is no quantity
     */
    public static BigDecimal of(Quantity quantity) {
        BigDecimal amount;
        try {
            if (quantity.toString().length() > LONGEST) {
                throw new IllegalArgumentException(
                        "no quantity is so long: " + quantity.toString().substring(0, LONGEST));
            }
            amount = quantity.getNumericalAmount();
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("no quantity: " + quantity, e);
        }
        var before = (long) amount.precision() - amount.scale();
        if (amount.signum() <= 0 || before < -FAR) {
            return BigDecimal.ZERO;
        }
        return before > FAR ? MOST : amount.min(MOST);
    }

    /** Of a thousandth, say, for 3 decimals; no more than fits. */
    public static long scaled(Quantity quantity, int decimals) {
        return of(quantity).movePointRight(decimals).min(MOST).longValue();
    }
}
