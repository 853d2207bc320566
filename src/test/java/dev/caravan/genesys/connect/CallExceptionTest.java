package dev.caravan.genesys.connect;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class CallExceptionTest {

  @Test
  void whatGenesysCloudAsksForIsObeyed() {
    CallException busy = CallException.unavailable("Busy.", 429, Duration.ofMinutes(15));

    assertThat(busy.retryAfter()).isEqualTo(Duration.ofMinutes(15));
    assertThat(busy).hasMessage("Busy.");
  }

  @Test
  void whatCannotBeMeantIsBoundedAndSaid() {
    CallException busy = CallException.unavailable("Busy.", 429, Duration.ofDays(2));

    assertThat(busy.retryAfter()).isEqualTo(Duration.ofMinutes(15));
    assertThat(busy)
        .hasMessage("Busy. It asks to be left alone for 2880 minutes; it is asked again after 15.");
    assertThat(CallException.unavailable(busy.getMessage(), 429, busy.retryAfter()))
        .hasMessage(busy.getMessage());
  }
}
