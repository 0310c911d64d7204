import java.io.File;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** Allocates, uses threads, hot code, timers and sleep; the monotonic clock does not jump. usage: java Program.java GATE */
public class Program {
    public static void main(String[] arguments) throws Exception {
        File gate = new File(arguments[0]);
        AtomicBoolean over = new AtomicBoolean();
        AtomicLong ticks = new AtomicLong();
        List<String> problems = java.util.Collections.synchronizedList(new ArrayList<>());
        ScheduledExecutorService timer = Executors.newScheduledThreadPool(2);
        timer.scheduleAtFixedRate(ticks::incrementAndGet, 10, 10, TimeUnit.MILLISECONDS);

        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            int seed = t;
            Thread thread = new Thread(() -> {
                Map<Integer, int[]> kept = new HashMap<>();
                int round = 0;
                while (!over.get()) {
                    int[] data = new int[2048];
                    java.util.Arrays.fill(data, round * 4 + seed);
                    kept.put(round % 200, data);
                    for (int[] old : kept.values())
                        if (old[0] != old[2047] || old[0] % 4 != seed)
                            problems.add("allocated numbers changed");
                    round++;
                    try {
                        Thread.sleep(1);
                    } catch (InterruptedException e) {
                        problems.add("interrupted");
                    }
                }
                if (round < 10)
                    problems.add("only " + round + " rounds");
            });
            threads.add(thread);
            thread.start();
        }

        long last = System.nanoTime();
        boolean told = false;
        while (!gate.exists()) {
            if (!told && ticks.get() >= 10) {
                System.out.println("java has started");
                told = true;
            }
            long now = System.nanoTime();
            if (now < last || now - last > 120_000_000_000L)
                problems.add("the monotonic clock went from " + last + " to " + now);
            last = now;
            Thread.sleep(5);
        }
        over.set(true);
        for (Thread thread : threads)
            thread.join();
        timer.shutdownNow();
        if (ticks.get() < 10)
            problems.add("only " + ticks.get() + " ticks");
        for (String problem : problems)
            System.out.println("WRONG " + problem);
        System.out.println("java is as it was");
        System.exit(problems.isEmpty() ? 0 : 1);
    }
}
