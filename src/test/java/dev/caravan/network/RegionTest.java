package dev.caravan.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RegionTest {

  @ParameterizedTest
  @CsvSource({
    "mypurecloud.com, mypurecloud.com",
    "mypurecloud.ie, mypurecloud.ie",
    "eu_west_1, mypurecloud.ie",
    "eu-west-1, mypurecloud.ie",
    "' EU_Central_1 ', mypurecloud.de",
    "us_east_1, mypurecloud.com",
    "us_east_2, use2.us-gov-pure.cloud",
    "us_west_2, usw2.pure.cloud",
    "ca_central_1, cac1.pure.cloud",
    "eu_west_2, euw2.pure.cloud",
    "ap_southeast_2, mypurecloud.com.au",
    "ap_northeast_1, mypurecloud.jp",
    "ap_northeast_2, apne2.pure.cloud",
    "ap_northeast_3, apne3.pure.cloud",
    "ap_south_1, aps1.pure.cloud",
    "ap_southeast_1, apse1.pure.cloud",
    "sa_east_1, sae1.pure.cloud",
    "me_central_1, mec1.pure.cloud",
    "eu_central_2, euc2.pure.cloud",
    "mx_central_1, mxc1.pure.cloud",
    "eusc_de_east_1, edee1.eusc-pure.cloud",
    "usw2.pure.cloud, usw2.pure.cloud"
  })
  void itIsKnownByNameOrDomain(String nameOrDomain, String domain) {
    assertThat(Region.of(nameOrDomain).domain()).isEqualTo(domain);
  }

  @Test
  void itsHostsFollowFromItsDomain() {
    Region region = Region.of("mypurecloud.ie");

    assertThat(region.loginUrl()).isEqualTo("https://login.mypurecloud.ie");
    assertThat(region.apiUrl()).isEqualTo("https://api.mypurecloud.ie");
  }

  @Test
  void anUnknownOneIsAnsweredWithTheKnownOnesAndTheWayOut() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Region.of("mypurecloud.fr"))
        .withMessageStartingWith("GENESYS_REGION is \"mypurecloud.fr\", which is no region")
        .withMessageContaining("mypurecloud.ie (eu_west_1)")
        .withMessageContaining("GENESYS_LOGIN_URL and GENESYS_API_URL");
  }

  @ParameterizedTest
  @CsvSource({
    "mypurecloud.ei, mypurecloud.ie",
    "mypurcloud.de, mypurecloud.de",
    "eu_wst_1, eu_west_1",
    "eu-west1, eu_west_1",
    "euw2.purecloud, euw2.pure.cloud",
    "https://login.mypurecloud.jp/, mypurecloud.jp",
    "apps.usw2.pure.cloud, usw2.pure.cloud"
  })
  void aTypoIsAnsweredWithTheNearest(String typo, String meant) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Region.of(typo))
        .withMessageContaining("no region of Genesys Cloud. Did you mean " + meant + "? Set it to");
  }

  @Test
  void nothingIsGuessedWhereNothingIsNear() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Region.of("frankfurt"))
        .withMessageNotContaining("Did you mean");
  }
}
