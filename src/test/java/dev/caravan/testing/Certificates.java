package dev.caravan.testing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/** Certificates of a CA of their own, made when a test needs them. */
public final class Certificates {

  public static final String PASSWORD = "changeit";

  private static final String CA = "ca";
  private final Path folder;
  private final Path authority;

  /** Makes a CA. */
  public Certificates(Path folder) throws IOException {
    this.folder = Files.createDirectories(folder);
    this.authority = folder.resolve("ca.p12");
    keytool(authority, "-genkeypair", "-alias", CA, "-dname", "CN=Test CA", "-ext", "bc:c");
    Files.writeString(caFile(), pem("CERTIFICATE", encoded(authority, CA, false)));
  }

  /** What has to be trusted. */
  public Path caFile() {
    return folder.resolve("ca.pem");
  }

  /**
   * Makes a certificate with its key, as a store and as two files in PEM.
   *
   * @param more of keytool, such as {@code -ext san=ip:127.0.0.1}
   */
  public Path of(String name, String... more) throws IOException {
    Path store = folder.resolve(name + ".p12");
    Files.copy(authority, store);
    List<String> arguments =
        new ArrayList<>(
            List.of("-genkeypair", "-alias", name, "-dname", "CN=" + name, "-signer", CA));
    arguments.addAll(Arrays.asList(more));
    keytool(store, arguments.toArray(String[]::new));
    run(store, "-delete", "-alias", CA);
    Files.writeString(certificateFile(name), pem("CERTIFICATE", encoded(store, name, false)));
    Files.writeString(keyFile(name), pem("PRIVATE KEY", encoded(store, name, true)));
    return store;
  }

  public Path certificateFile(String name) {
    return folder.resolve(name + ".crt");
  }

  public Path keyFile(String name) {
    return folder.resolve(name + ".key");
  }

  /** The keys of a store. */
  public static KeyStore keyStore(Path store) throws IOException {
    try (InputStream in = Files.newInputStream(store)) {
      KeyStore keys = KeyStore.getInstance("PKCS12");
      keys.load(in, PASSWORD.toCharArray());
      return keys;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] encoded(Path store, String alias, boolean key) throws IOException {
    try {
      KeyStore keys = keyStore(store);
      Certificate certificate = keys.getCertificate(alias);
      return key
          ? keys.getKey(alias, PASSWORD.toCharArray()).getEncoded()
          : certificate.getEncoded();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String pem(String type, byte[] bytes) {
    return "-----BEGIN %1$s-----\n%2$s\n-----END %1$s-----\n"
        .formatted(type, Base64.getMimeEncoder(64, "\n".getBytes()).encodeToString(bytes));
  }

  private static void keytool(Path store, String... arguments) throws IOException {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("-keyalg", "RSA", "-keysize", "2048"));
    run(store, all.toArray(String[]::new));
  }

  private static void run(Path store, String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(Path.of(System.getProperty("java.home"), "bin", "keytool").toString()));
    command.addAll(List.of(arguments));
    // It is over before well compiled code would pay
    command.addAll(List.of("-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC"));
    command.addAll(List.of("-keystore", store.toString(), "-storetype", "PKCS12"));
    command.addAll(List.of("-storepass", PASSWORD, "-keypass", PASSWORD));
    Command made = Command.run(command.toArray(String[]::new));
    if (made.exitCode() != 0) {
      throw new IllegalStateException(made.output());
    }
  }
}
