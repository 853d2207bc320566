package dev.caravan.demo;

import dev.caravan.command.Folders;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * For running Apache Kafka as a child process that ends with its parent. The broker's classes are
 * on the class path of this process only, never on the application's, hence the reflection.
 */
public final class BrokerProcess {

  private static final String CLUSTER_ID = "Y2FyYXZhbi1sb2NhbC1rYQ";

  private BrokerProcess() {}

  /** Takes the path of a server.properties whose folder is this broker's own. */
  public static void main(String[] args) throws ReflectiveOperationException {
    Path properties = Path.of(args[0]);
    ChildProcess.onParentGone(System.in, () -> vanish(properties.getParent()));

    if (!Files.exists(properties.resolveSibling("data").resolve("meta.properties"))) {
      format(properties);
    }
    Class.forName("kafka.Kafka")
        .getMethod("main", String[].class)
        .invoke(null, (Object) new String[] {properties.toString()});
  }

  private static void format(Path properties) throws ReflectiveOperationException {
    Method execute =
        Class.forName("kafka.tools.StorageTool")
            .getMethod("execute", String[].class, PrintStream.class);
    String[] args = {"format", "--cluster-id", CLUSTER_ID, "--config", properties.toString()};
    int exitCode = (int) execute.invoke(null, args, System.out);
    if (exitCode != 0) {
      System.exit(exitCode);
    }
  }

  /** Nobody is left who could use the data, or delete it. */
  private static void vanish(Path folder) {
    try {
      Folders.delete(folder);
    } finally {
      Runtime.getRuntime().halt(0);
    }
  }
}
