package dev.caravan.settings;

import static org.assertj.core.api.Assertions.assertThat;

import io.smallrye.config.SmallRyeConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OauthClientsTest {

  private final Map<String, String> variables = new HashMap<>();

  private SmallRyeConfig config() {
    return Settings.of(variables);
  }

  private String names() {
    return config().getValue(OauthClients.NAMES, String.class);
  }

  private String mistake() {
    return config().getOptionalValue(SettingsSource.LATER_MISTAKE, String.class).orElse("");
  }

  private OauthClientsTest with(String name, String value) {
    variables.put(name, value);
    return this;
  }

  private OauthClientsTest client(String name) {
    return with("GENESYS_CLIENTS_" + name + "_ID", "id of " + name)
        .with("GENESYS_CLIENTS_" + name + "_SECRET", "secret of " + name);
  }

  private void defaultClient() {
    with("GENESYS_CLIENT_ID", "id").with("GENESYS_CLIENT_SECRET", "secret");
  }

  @Test
  void withoutANameThereIsTheDefaultClientOnly() {
    assertThat(names()).isEqualTo("default");

    defaultClient();

    assertThat(names()).isEqualTo("default");
    assertThat(mistake()).isEmpty();
  }

  @Test
  void theDefaultClientIsTheFirstAndTheOthersFollowByName() {
    defaultClient();
    client("WEST").client("NORTH_EAST");

    assertThat(names()).isEqualTo("default,north-east,west");
    assertThat(config().getValue("genesys.clients.north-east.id", String.class))
        .isEqualTo("id of NORTH_EAST");
    assertThat(config().getValue("genesys.clients.west.secret", String.class))
        .isEqualTo("secret of WEST");
  }

  @Test
  void withoutADefaultClientTheFirstNameIsTheFirst() {
    client("WEST").client("EAST");

    assertThat(names()).isEqualTo("east,west");
    assertThat(mistake()).isEmpty();
  }

  @Test
  void secretsMayComeFromFilesAndFromTheFolderOfSecrets(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("elsewhere"), "of $a file\n");
    with("GENESYS_CLIENTS_A_ID", "a").with("GENESYS_CLIENTS_A_SECRET_FILE", file.toString());
    Files.writeString(folder.resolve("GENESYS_CLIENTS_B_ID"), "b");
    Files.writeString(folder.resolve("GENESYS_CLIENTS_B_SECRET"), "of the folder");
    with("CARAVAN_SECRETS_DIR", folder.toString());

    assertThat(names()).isEqualTo("a,b");
    assertThat(config().getValue("genesys.clients.a.secret", String.class)).isEqualTo("of $a file");
    assertThat(config().getValue("genesys.clients.b.secret", String.class))
        .isEqualTo("of the folder");
    assertThat(mistake()).isEmpty();
  }

  @Test
  void aFileThatIsNotThereIsNamedAndItsClientIsLeftOut(@TempDir Path folder) {
    client("A")
        .with("GENESYS_CLIENTS_B_ID", "b")
        .with("GENESYS_CLIENTS_B_SECRET_FILE", folder.resolve("none").toString());

    assertThat(names()).isEqualTo("a");
    assertThat(mistake())
        .contains("GENESYS_CLIENTS_B_SECRET cannot be read from the file")
        .contains("GENESYS_CLIENTS_B_ID is set without GENESYS_CLIENTS_B_SECRET. Set both");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ID", "SECRET"})
  void oneThatLacksAHalfIsLeftOutAndTheOthersRead(String lacks) {
    defaultClient();
    client("WEST").client("EAST");
    variables.remove("GENESYS_CLIENTS_WEST_" + lacks);

    assertThat(names()).isEqualTo("default,east");
    assertThat(mistake())
        .contains(" is set without GENESYS_CLIENTS_WEST_" + lacks + ". Set both and restart.")
        .doesNotContain("id of")
        .doesNotContain("secret of");
    assertThat(config().getOptionalValue(SettingsSource.MISTAKE, String.class)).isEmpty();
  }

  @Test
  void theDefaultClientIsHeldToTheSameAmongOthers() {
    client("WEST").with("GENESYS_CLIENT_ID", "id");

    assertThat(names()).isEqualTo("west");
    assertThat(mistake()).contains("GENESYS_CLIENT_ID is set without GENESYS_CLIENT_SECRET.");
  }

  @Test
  void twoNamesOfOneClientAreOne() {
    client("WEST").client("EAST").with("GENESYS_CLIENTS_WEST_ID", "id of EAST");

    assertThat(names()).isEqualTo("east");
    assertThat(mistake())
        .contains("GENESYS_CLIENTS_WEST_ID is the id that GENESYS_CLIENTS_EAST_ID has, too.");
  }

  @Test
  void theNameDefaultIsTaken() {
    client("DEFAULT").client("EAST");

    assertThat(names()).isEqualTo("east");
    assertThat(mistake()).contains("GENESYS_CLIENTS_DEFAULT_ID");
  }

  @ParameterizedTest
  @ValueSource(strings = {"WITH.A.Ü", "A_VERY_LONG_NAME_THAT_NOBODY_WOULD_WANT", "_"})
  void aNameIsAWord(String name) {
    client(name).client("EAST");

    assertThat(names()).isEqualTo("east");
    assertThat(mistake()).contains("at most 30 letters, digits and underscores");
  }

  @Test
  void thereIsABoundToThem() {
    IntStream.range(0, OauthClients.MOST + 1).forEach(i -> client("C%02d".formatted(i)));

    assertThat(names().split(",")).hasSize(OauthClients.MOST);
    assertThat(mistake()).contains("beyond the 50 OAuth clients");
  }

  @Test
  void whatIsAboutThemIsNotShown() {
    assertThat(SettingsSource.isSecret("GENESYS_CLIENTS_WEST_ID")).isTrue();
    assertThat(SettingsSource.isSecret("GENESYS_CLIENTS_WEST_SECRET")).isTrue();
    assertThat(OauthClients.isOne("genesys.clients.west.secret-file")).isTrue();
    assertThat(OauthClients.isOne("GENESYS_CLIENTS_WEST_COLOUR")).isFalse();
  }
}
