package dev.caravan.simulator;

import dev.caravan.simulator.api.CallLog;
import dev.caravan.simulator.centre.Agent;
import dev.caravan.simulator.centre.Day;
import dev.caravan.simulator.centre.Entity;
import dev.caravan.simulator.centre.Organization;
import dev.caravan.simulator.fault.Action;
import dev.caravan.simulator.fault.Faults;
import dev.caravan.simulator.session.Channels;
import dev.caravan.simulator.session.Publisher;
import dev.caravan.simulator.session.Sockets;
import dev.caravan.simulator.session.Subscriber;
import dev.caravan.simulator.session.Tokens;
import dev.caravan.simulator.session.TopicRules;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/** The parts of one stand-in, put together once; all of them live on one event loop. */
public record World(
    Vertx vertx,
    SimulatorOptions options,
    SimulatorClock clock,
    Ids ids,
    Organization organization,
    Day day,
    TopicRules rules,
    Tokens tokens,
    Channels channels,
    Subscriber subscriber,
    Sockets sockets,
    Publisher publisher,
    Faults faults,
    CallLog calls,
    Ledger ledger,
    AtomicReference<Action.Staff> staff) {

  static World create(Vertx vertx, SimulatorOptions options, SimulatorClock clock) {
    Ids ids = new Ids(options.seed());
    Organization organization =
        Organization.draw(options.seed(), options.centre().agents(), options.centre().queues());
    TopicRules rules = new TopicRules(organization, options.behaviour());
    Faults faults = new Faults(options.seed());
    Tokens tokens = new Tokens(ids, options.clients());
    Channels channels = new Channels(options, clock, ids, tokens);
    Subscriber subscriber = new Subscriber(channels, rules, tokens, options.limits());
    Sockets sockets =
        new Sockets(vertx, options, ids, organization.id(), channels, faults, subscriber);
    Ledger ledger = new Ledger(Ledger.DEFAULT_CAPACITY);
    Publisher publisher =
        new Publisher(vertx, options.behaviour(), clock, channels, sockets, faults, ledger);
    Day day =
        new Day(
            organization,
            options.seed(),
            options.centre().conversationsPerAgentHour(),
            clock.wallNow().toEpochMilli(),
            publisher);
    return new World(
        vertx,
        options,
        clock,
        ids,
        organization,
        day,
        rules,
        tokens,
        channels,
        subscriber,
        sockets,
        publisher,
        faults,
        new CallLog(),
        ledger,
        new AtomicReference<>(new Action.Staff(Integer.MAX_VALUE, Integer.MAX_VALUE)));
  }

  /** Those that are in listings. */
  public List<Agent> listedAgents() {
    return organization.agents().stream().limit(staff.get().agents()).toList();
  }

  public List<Entity> listedQueues() {
    return organization.queues().stream().limit(staff.get().queues()).toList();
  }
}
