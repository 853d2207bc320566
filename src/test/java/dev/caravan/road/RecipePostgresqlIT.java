package dev.caravan.road;

import static dev.caravan.road.Road.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.testing.Bridge;
import dev.caravan.testing.TopicReader;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Events go into a real PostgreSQL, and wait on disk while it is away. */
@Tag("long")
class RecipePostgresqlIT {

  private final int port = Bridge.freePort();
  private Road road;
  private Path data;
  private EmbeddedPostgres database;

  @BeforeEach
  void open(@TempDir Path folder) throws Exception {
    road = Road.in(folder);
    data = folder.resolve("postgresql");
    database = postgresql();
    Matcher table =
        Pattern.compile("```sql\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(Recipe.COOKBOOK.resolve("postgresql.md")));
    assertThat(table.find()).isTrue();
    try (Connection connection = database.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(table.group(1));
    }
    Path routes = road.copyOfRoutes();
    Files.copy(
        Recipe.COOKBOOK.resolve("postgresql.camel.yaml"),
        routes.resolve("forward.camel.yaml"),
        StandardCopyOption.REPLACE_EXISTING);
    road.start(
            road.settings()
                .with("CARAVAN_ROUTES_DIR", routes.toString())
                .with("CARAVAN_JARS_DIR", Recipe.jars("postgresql", folder).toString())
                .with("DATABASE_URL", "jdbc:postgresql://127.0.0.1:" + port + "/postgres")
                .with("DATABASE_USER", "postgres")
                .with("DATABASE_PASSWORD", "postgres"))
        .awaitReady();
  }

  private EmbeddedPostgres postgresql() throws Exception {
    return EmbeddedPostgres.builder()
        .setPort(port)
        .setDataDirectory(data)
        .setCleanDataDirectory(false)
        .setPGStartupWait(Duration.ofMinutes(2))
        .start();
  }

  @AfterEach
  void close() throws Exception {
    road.close();
    database.close();
  }

  @Test
  void eachEventIsARowAndWaitsOnDiskWhilePostgresqlIsAway() throws Exception {
    String first = event(Road.TOPIC, Road.call("c-1"), "1");
    String away = event(Road.TOPIC, Road.call("c-1"), "2");
    // PostgreSQL takes no zero in a text, and the id becomes the column key
    String refused = event(Road.TOPIC, "{\"id\":\"c-\\u0000\"}", "3");

    road.send(first);
    awaitRows(List.of(first));
    database.close();
    road.send(away);
    road.send(refused);
    Recipe.awaitWaiting(road.bridge(), 2);
    road.bridge().kill();
    database = postgresql();
    road.restart().awaitReady();

    awaitRows(List.of(first, away));
    assertThat(road.awaitRecord(it -> it.topic().equals(road.prefix() + "dead-letters")))
        .satisfies(
            it -> {
              assertThat(it.value()).isEqualTo(refused.getBytes(StandardCharsets.UTF_8));
              assertThat(TopicReader.header(it, "caravan-reason").orElseThrow())
                  .matches("PostgreSQL will not take it: SQL state 22\\w+");
            });
    assertThat(rows("select distinct kind || ' ' || key from genesys_events"))
        .containsExactly("conversations.voice c-1");
  }

  private void awaitRows(List<String> values) {
    await()
        .atMost(Duration.ofMinutes(3))
        .untilAsserted(
            () ->
                assertThat(rows("select value::text from genesys_events order by ce_time, ce_id"))
                    .isEqualTo(values));
  }

  private List<String> rows(String query) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (Connection connection = database.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(query)) {
      while (result.next()) {
        rows.add(result.getString(1));
      }
    }
    return rows;
  }
}
