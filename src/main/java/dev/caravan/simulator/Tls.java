package dev.caravan.simulator;

/**
 * The key store the stand-in serves TLS with; an empty path means plain HTTP.
 *
 * @param keyStore path of a PKCS#12 file
 * @param password its password
 */
public record Tls(String keyStore, String password) {

  public boolean wanted() {
    return !keyStore.isEmpty();
  }

  @Override
  public String toString() {
    return "Tls[" + keyStore + "]";
  }
}
