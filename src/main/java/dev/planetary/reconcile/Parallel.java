package dev.planetary.reconcile;

import dev.planetary.telemetry.LogKeys;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

/** Does many small blocking things at once, on virtual threads, and waits for all. */
final class Parallel {
    private final Executor executor;

    Parallel(Executor executor) {
        this.executor = executor;
    }

    /** The results in the order of the tasks. The first failure is thrown when all have ended. */
    <T> List<T> all(Collection<Callable<T>> tasks) {
        var futures = tasks.stream().map(LogKeys::carried).map(FutureTask::new).toList();
        futures.forEach(executor::execute);
        futures.forEach(Parallel::await);
        return futures.stream().map(Parallel::result).toList();
    }

    private static <T> T result(FutureTask<T> task) {
        if (task.state() == Future.State.FAILED) {
            throw task.exceptionNow() instanceof RuntimeException cause
                    ? cause
                    : new IllegalStateException(task.exceptionNow());
        }
        return task.resultNow();
    }

    private static void await(FutureTask<?> task) {
        try {
            task.get();
        } catch (ExecutionException _) {
            // Told when all have ended.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
