package dev.caravan.network;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collection;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * Trusts the certificates that Java trusts, and those of a company besides, whose proxy opens what
 * is sent through TLS.
 */
public final class CompanyTrust {

  private static final long LARGEST_FILE_BYTES = 4L * 1024 * 1024;

  private CompanyTrust() {}

  /**
   * @param pem a file with one certificate or more in PEM, without a private key
   * @throws IllegalArgumentException with a sentence if it cannot be used
   */
  public static X509TrustManager with(Path pem) {
    try {
      KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
      trusted.load(null, null);
      int number = 0;
      for (Certificate certificate : certificates(pem)) {
        trusted.setCertificateEntry("company-" + number++, certificate);
      }
      for (X509Certificate certificate : manager(null).getAcceptedIssuers()) {
        trusted.setCertificateEntry("java-" + number++, certificate);
      }
      return manager(trusted);
    } catch (CertificateException e) {
      throw unusable(pem, "it holds no certificate in PEM");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("Java has no trust of its own", e);
    } catch (NoSuchFileException e) {
      throw unusable(pem, "there is no such file");
    } catch (IOException e) {
      throw unusable(pem, "this process cannot read it");
    }
  }

  private static Collection<? extends Certificate> certificates(Path pem)
      throws IOException, CertificateException {
    if (Files.size(pem) > LARGEST_FILE_BYTES) {
      throw new CertificateException("Too large");
    }
    try (InputStream in = Files.newInputStream(pem)) {
      Collection<? extends Certificate> found =
          CertificateFactory.getInstance("X.509").generateCertificates(in);
      if (found.isEmpty()) {
        throw new CertificateException("Empty");
      }
      return found;
    }
  }

  /** Of what Java trusts if there is no store. */
  private static X509TrustManager manager(KeyStore store) throws GeneralSecurityException {
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return (X509TrustManager) factory.getTrustManagers()[0];
  }

  private static IllegalArgumentException unusable(Path pem, String why) {
    return new IllegalArgumentException(
        "GENESYS_CA_FILE is %s, but that cannot be used: %s. It must be a file with certificates in PEM. Correct it and restart."
            .formatted(pem, why));
  }
}
