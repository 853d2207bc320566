package dev.caravan.simulator;

import dev.caravan.simulator.centre.Json;
import java.util.ArrayList;
import java.util.List;

/**
 * Everything a stand-in can be told before it starts. Single limits and switches are set as in a
 * scenario: {@code Scenario.parse("options: {limits: {topicsPerChannel: 10}}").options()}.
 *
 * @param host address to listen on
 * @param port port to listen on; 0 takes a free one
 * @param socketUrl what {@code connectUri} starts with, such as {@code wss://sockets.example:443};
 *     empty to follow the host name the client itself used
 * @param tls key store
 * @param clients who may log in
 * @param seed what the contact centre's day and all ids are drawn from
 * @param centre its size
 * @param traffic whether and how fast it works
 * @param timeScale how much faster tokens and channels age: 1440 makes a day pass in a minute
 * @param limits the documented numbers
 * @param behaviour the switches
 */
public record SimulatorOptions(
    String host,
    int port,
    String socketUrl,
    Tls tls,
    List<OauthClient> clients,
    long seed,
    CentreSize centre,
    Traffic traffic,
    double timeScale,
    Limits limits,
    Behaviour behaviour) {

  public SimulatorOptions {
    clients = List.copyOf(clients);
    if (timeScale <= 0) {
      throw new IllegalArgumentException("timeScale must be above 0; 1 is real time.");
    }
  }

  /** On the loopback address, any port, client {@code demo}/{@code demo}, 20 agents, real time. */
  public static SimulatorOptions defaults() {
    return Json.read(Json.resource(SimulatorOptions.class, "usual.json"), SimulatorOptions.class);
  }

  public SimulatorOptions withHost(String newHost) {
    return Json.with(this, "host", newHost);
  }

  public SimulatorOptions withPort(int newPort) {
    return Json.with(this, "port", newPort);
  }

  public SimulatorOptions withTls(Tls newTls) {
    return Json.with(this, "tls", newTls);
  }

  /** Adds a client; one with the same id is replaced. */
  public SimulatorOptions withClient(OauthClient client) {
    List<OauthClient> all = new ArrayList<>(clients);
    all.removeIf(known -> known.id().equals(client.id()));
    all.add(client);
    return Json.with(this, "clients", all);
  }

  public SimulatorOptions withSeed(long newSeed) {
    return Json.with(this, "seed", newSeed);
  }

  public SimulatorOptions withCentre(CentreSize size) {
    return Json.with(this, "centre", size);
  }

  public SimulatorOptions withTraffic(Traffic newTraffic) {
    return Json.with(this, "traffic", newTraffic);
  }
}
