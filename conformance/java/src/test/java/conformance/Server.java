package conformance;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * One process of the server under test. The environment's COMMAND names it, split
 * at blanks (default: the built conformance server); the contract's flags follow.
 */
final class Server {
    /** How many seconds anything may take; a wait ends when its matter is there. */
    static final long PATIENCE = 60;

    private static final Path TOP = Path.of("").toAbsolutePath().getParent().getParent();

    private final Process process;
    private final File complaints;
    final int port;

    /** Starts the profile on the port (0: any) and waits until it listens. */
    Server(String profile, int port) throws Exception {
        List<String> words = new ArrayList<>(List.of(command().trim().split(" +")));
        words.addAll(List.of("--profile", profile, "--port", "" + port, "--host", "127.0.0.1"));
        complaints = File.createTempFile("conformance", ".err");
        complaints.deleteOnExit();
        process = new ProcessBuilder(words).directory(TOP.toFile()).redirectError(complaints).start();
        BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream()));
        CompletableFuture<String> first = CompletableFuture.supplyAsync(() -> {
            try {
                return "" + out.readLine();
            } catch (IOException e) {
                return e.toString();
            }
        });
        try {
            String line = first.get(PATIENCE, TimeUnit.SECONDS);
            if (!line.startsWith("READY ")) {
                throw new IOException("the server did not start: " + line + Files.readString(complaints.toPath()));
            }
            this.port = Integer.parseInt(line.substring("READY ".length()).trim());
        } catch (Exception e) {
            process.destroyForcibly();
            throw e;
        }
    }

    private static String command() {
        String given = System.getenv("COMMAND");
        return given == null || given.isBlank() ? TOP.resolve("bin/conformance-server").toString() : given;
    }

    String url() {
        return "http://127.0.0.1:" + port;
    }

    /** Ends it as a crash would. */
    void kill() throws Exception {
        process.destroyForcibly().waitFor();
    }

    /** Ends it in an orderly way, and fails if it was gone already or complained. */
    void stop() throws Exception {
        boolean lived = process.isAlive();
        process.destroy();
        boolean ended = process.waitFor(PATIENCE, TimeUnit.SECONDS);
        process.destroyForcibly().waitFor();
        String said = Files.readString(complaints.toPath());
        if (!lived || !ended || process.exitValue() != 0
                || said.contains("DATA RACE") || said.contains("panic:") || said.contains("fatal error:")) {
            throw new AssertionError("the server ended with " + process.exitValue() + ": " + said);
        }
    }
}
