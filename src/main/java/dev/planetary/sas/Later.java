package dev.planetary.sas;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Waiting without a thread; tests let time pass by hand. */
interface Later {
    CompletableFuture<Void> pass(Duration time);

    Later REAL = time -> CompletableFuture.runAsync(
            () -> {}, CompletableFuture.delayedExecutor(time.toMillis(), TimeUnit.MILLISECONDS, Runnable::run));
}
