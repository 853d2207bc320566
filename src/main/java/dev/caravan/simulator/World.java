package dev.caravan.simulator;

import dev.caravan.simulator.api.CallLog;
import dev.caravan.simulator.api.OauthApi;
import dev.caravan.simulator.centre.Organization;
import dev.caravan.simulator.fault.Faults;
import dev.caravan.simulator.session.ChannelKeeper;
import dev.caravan.simulator.session.Channels;
import dev.caravan.simulator.session.Ending;
import dev.caravan.simulator.session.Publisher;
import dev.caravan.simulator.session.SocketCommands;
import dev.caravan.simulator.session.Sockets;
import dev.caravan.simulator.session.Subscriber;
import dev.caravan.simulator.session.Subscriptions;
import dev.caravan.simulator.session.Tokens;
import dev.caravan.simulator.session.TopicRules;
import dev.caravan.topic.TopicCatalogue;
import io.vertx.core.Vertx;

/** The parts of one stand-in, put together once; all of them live on one event loop. */
public record World(
    Vertx vertx,
    SimulatorOptions options,
    SimulatorClock clock,
    Ids ids,
    Organization organization,
    Tokens tokens,
    OauthApi oauth,
    TopicCatalogue catalogue,
    TopicRules rules,
    ChannelKeeper keeper,
    Subscriber subscriber,
    Subscriptions subscriptions,
    Sockets sockets,
    Ending ending,
    Faults faults,
    CallLog calls,
    Ledger ledger,
    Publisher publisher) {

  static World create(Vertx vertx, SimulatorOptions options, SimulatorClock clock) {
    Ids ids = new Ids(options.seed());
    Organization organization =
        new Organization(options.seed(), options.centre().agents(), options.centre().queues());
    Faults faults = new Faults(options.seed());
    Tokens tokens = new Tokens(ids);
    OauthApi oauth = new OauthApi(options.clients(), tokens, clock, options.limits());
    TopicCatalogue catalogue = TopicCatalogue.shipped();
    TopicRules rules = new TopicRules(catalogue, organization, options.behaviour());
    Subscriptions subscriptions = new Subscriptions();
    ChannelKeeper keeper =
        new ChannelKeeper(
            clock, new Channels(ids, options.limits()), tokens, subscriptions, options.behaviour());
    Subscriber subscriber = new Subscriber(keeper, rules, oauth, options.limits());
    Sockets sockets =
        new Sockets(vertx, options, keeper, faults, new SocketCommands(keeper, subscriber));
    Ledger ledger = new Ledger(Ledger.DEFAULT_CAPACITY);
    return new World(
        vertx,
        options,
        clock,
        ids,
        organization,
        tokens,
        oauth,
        catalogue,
        rules,
        keeper,
        subscriber,
        subscriptions,
        sockets,
        new Ending(sockets, ids, options.behaviour(), organization.id()),
        faults,
        new CallLog(),
        ledger,
        new Publisher(vertx, subscriptions, sockets, ledger, clock, options.behaviour(), faults));
  }
}
