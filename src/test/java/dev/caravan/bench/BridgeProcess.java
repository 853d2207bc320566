package dev.caravan.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The real bridge, started as a user starts it: the packaged jar, the environment, the routes. */
final class BridgeProcess implements AutoCloseable {

  private final Process process;
  private final Path log;

  private BridgeProcess(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  static BridgeProcess start(RoadBench.Options options, String genesys, String kafka, Path folder)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(options.java());
    command.addAll(options.jvmFlags());
    // Ends when this process ends, however that comes about
    command.addAll(List.of("-jar", options.jar(), "run", "--until-input-ends"));
    Path log = Files.createTempFile(folder, "bridge-", ".log");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    Map<String, String> environment = new HashMap<>();
    environment.put("GENESYS_LOGIN_URL", genesys);
    environment.put("GENESYS_API_URL", genesys);
    environment.put("GENESYS_CLIENT_ID", "bench");
    environment.put("GENESYS_CLIENT_SECRET", "bench");
    environment.put("KAFKA_BOOTSTRAP_SERVERS", kafka);
    environment.put("CARAVAN_ROUTES_DIR", options.routes());
    environment.put("CARAVAN_DATA_DIR", folder.resolve("data").toString());
    environment.put("CARAVAN_MANAGEMENT_PORT", String.valueOf(freePort()));
    environment.put("CARAVAN_HTTP_PORT", String.valueOf(freePort()));
    environment.put("QUARKUS_MANAGEMENT_HOST", "127.0.0.1");
    builder.environment().keySet().removeIf(name -> name.matches("(GENESYS|KAFKA|CARAVAN)_.*"));
    builder.environment().putAll(environment);
    return new BridgeProcess(builder.start(), log);
  }

  long pid() {
    return process.pid();
  }

  void failIfEnded() {
    if (!process.isAlive()) {
      throw new IllegalStateException("The bridge has ended. Its log says: " + log());
    }
  }

  String log() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(40, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      process.destroyForcibly();
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
