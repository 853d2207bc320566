package dev.caravan.road;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import com.microsoft.playwright.options.ReducedMotion;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The machine's own Chromium, which looks at status pages. */
final class Chromium implements AutoCloseable {

  private static final double PATIENCE_MILLIS = 180_000;
  private static final List<Path> BROWSERS =
      Stream.of(
              System.getProperty("caravan.chromium", "/usr/bin/chromium"),
              "/usr/bin/chromium-browser",
              "/usr/bin/google-chrome")
          .map(Path::of)
          .toList();

  private final List<String> complaints = new ArrayList<>();
  private final List<String> elsewhere = new ArrayList<>();
  private final Playwright playwright;
  private final Browser browser;
  private final String axe;

  private Chromium(Path program) throws IOException {
    PlaywrightAssertions.setDefaultAssertionTimeout(PATIENCE_MILLIS);
    playwright =
        Playwright.create(
            new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
    browser =
        playwright
            .chromium()
            .launch(
                new BrowserType.LaunchOptions()
                    .setExecutablePath(program)
                    .setArgs(List.of("--no-sandbox", "--disable-dev-shm-usage")));
    try (InputStream script = Chromium.class.getResourceAsStream("/axe.min.js")) {
      axe = new String(script.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  static Chromium start() throws IOException {
    return new Chromium(
        BROWSERS.stream()
            .filter(Files::isExecutable)
            .findFirst()
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        "No Chromium is here. Install it (Debian: apt-get install chromium), or name"
                            + " it with -Dcaravan.chromium=PATH.")));
  }

  /** Opens the status page on a port. */
  Page open(int port, Browser.NewContextOptions options) {
    BrowserContext context = browser.newContext(options.setReducedMotion(ReducedMotion.REDUCE));
    context.setDefaultTimeout(PATIENCE_MILLIS);
    Page page = context.newPage();
    page.onConsoleMessage(
        message -> {
          if (message.type().equals("error") || message.type().equals("warning")) {
            complaints.add(message.text());
          }
        });
    page.onPageError(complaints::add);
    page.onRequest(
        request -> {
          if (!request.url().startsWith("http://localhost:" + port + "/")) {
            elsewhere.add(request.url());
          }
        });
    page.navigate("http://localhost:" + port + "/");
    return page;
  }

  /** What pages wrote into the browser's console since it was started. */
  List<String> complaints() {
    return List.copyOf(complaints);
  }

  /** What pages asked for that is not their own. */
  List<String> elsewhere() {
    return List.copyOf(elsewhere);
  }

  /** What axe finds in the way of those who use a page without seeing or pointing. */
  Object findings(Page page) {
    page.evaluate(axe);
    return page.evaluate(
        "async () => (await axe.run()).violations.map(v => v.id + ': ' + v.nodes.map(n =>"
            + " n.target.join(' ') + ' ' + n.failureSummary).join('; '))");
  }

  @Override
  public void close() {
    playwright.close();
  }
}
