package dev.caravan.simulator.centre;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/**
 * The people, queues and groups of the contact centre.
 *
 * @param flows what greets customers before a queue takes them
 * @param outcomes what a flow may find out
 */
public record Organization(
    String id,
    List<Agent> agents,
    List<Entity> queues,
    List<Entity> divisions,
    List<Entity> teams,
    List<Entity> groups,
    List<Entity> managementUnits,
    List<Entity> wrapUpCodes,
    List<Entity> flows,
    List<Entity> outcomes) {

  private static final String[] QUEUES =
      "Sales Support Billing Claims Orders Returns Retention Technical Travel Accounts".split(" ");
  private static final String[] REGIONS =
      "EMEA North South East West Iberia Nordics Benelux DACH France".split(" ");
  private static final String[] FIRST =
      ("Ada Björn Chloé Dmitri Eun-ji Fatima George Hélène Ines João"
              + " Katja Liam Mônica Nadia Olu Priya Quentin Rosa Søren Tomás")
          .split(" ");
  private static final String[] LAST =
      ("Almeida Brandt Castellanos Dubois Eriksen Fischer García Hughes Ito Jansen"
              + " Kowalska Lindqvist Moreau Nguyen O'Brien Papadopoulos Quispe Rossi Silva Tanaka")
          .split(" ");
  private static final List<String> WRAP_UPS =
      List.of("Resolved", "Call back later", "Transferred", "Wrong number", "Sale", "Complaint");
  private static final List<String> FLOWS =
      List.of("Inbound calls", "Inbound chats", "Inbound emails", "Inbound messages");
  private static final List<String> OUTCOMES = List.of("Customer identified", "Reason understood");
  private static final int AGENTS_PER_TEAM = 12;
  private static final int AGENTS_PER_UNIT = 100;
  private static final int QUEUES_PER_AGENT = 3;

  /** What is drawn of an agent before there is anything to belong to. */
  private record Person(String name, List<Integer> queues, String id, int division) {}

  /** Draws an organization of so many agents and queues from a seed. */
  public static Organization draw(long seed, int agentCount, int queueCount) {
    SplittableRandom random = new SplittableRandom(seed);
    String id = uuid(random);
    List<Entity> divisions = named(random, List.of("Home", REGIONS[1], REGIONS[2]));
    List<Person> people = new ArrayList<>(agentCount);
    for (int i = 0; i < agentCount; i++) {
      people.add(person(random, i % queueCount, queueCount, divisions.size()));
    }
    List<List<Integer>> members = lists(queueCount);
    List<List<Integer>> inTeams = lists(1 + (agentCount - 1) / AGENTS_PER_TEAM);
    List<List<Integer>> inUnits = lists(1 + (agentCount - 1) / AGENTS_PER_UNIT);
    List<List<Integer>> inTiers = lists(3);
    for (int i = 0; i < agentCount; i++) {
      for (int queue : people.get(i).queues()) {
        members.get(queue).add(i);
      }
      inTeams.get(i / AGENTS_PER_TEAM).add(i);
      inUnits.get(i / AGENTS_PER_UNIT).add(i);
      inTiers.get(i % 10 < 6 ? 0 : i % 10 < 9 ? 1 : 2).add(i);
    }
    List<Entity> queues = named(random, members, Organization::queueName);
    List<Entity> teams = named(random, inTeams, i -> "Team " + (i + 1));
    List<Entity> units = named(random, inUnits, i -> "Management unit " + (i + 1));
    List<Entity> groups = named(random, inTiers, i -> "Tier " + (i + 1));
    List<Agent> agents = new ArrayList<>(agentCount);
    for (int i = 0; i < agentCount; i++) {
      Person person = people.get(i);
      agents.add(
          new Agent(
              i,
              person.id(),
              person.name(),
              "agent" + (i + 1) + "@example.com",
              divisions.get(person.division()),
              teams.get(i / AGENTS_PER_TEAM),
              units.get(i / AGENTS_PER_UNIT),
              person.queues().stream().map(queues::get).toList()));
    }
    return new Organization(
        id,
        List.copyOf(agents),
        queues,
        divisions,
        teams,
        groups,
        units,
        named(random, WRAP_UPS),
        named(random, FLOWS),
        named(random, OUTCOMES));
  }

  private static Person person(SplittableRandom random, int first, int queues, int divisions) {
    String name = FIRST[random.nextInt(FIRST.length)] + " " + LAST[random.nextInt(LAST.length)];
    int served = Math.min(queues, 1 + random.nextInt(QUEUES_PER_AGENT));
    List<Integer> queuesServed = new ArrayList<>(List.of(first));
    while (queuesServed.size() < served) {
      int queue = random.nextInt(queues);
      if (!queuesServed.contains(queue)) {
        queuesServed.add(queue);
      }
    }
    return new Person(name, queuesServed, uuid(random), random.nextInt(divisions));
  }

  private static String queueName(int index) {
    String name = QUEUES[index % QUEUES.length];
    int region = index / QUEUES.length;
    if (region == 0) {
      return name;
    }
    String suffix = region > REGIONS.length ? " " + (region / REGIONS.length + 1) : "";
    return name + " " + REGIONS[(region - 1) % REGIONS.length] + suffix;
  }

  private static List<List<Integer>> lists(int count) {
    return Stream.generate(() -> (List<Integer>) new ArrayList<Integer>()).limit(count).toList();
  }

  private static List<Entity> named(SplittableRandom random, List<String> names) {
    return named(random, lists(names.size()), names::get);
  }

  private static List<Entity> named(
      SplittableRandom random, List<List<Integer>> members, IntFunction<String> name) {
    List<Entity> all = new ArrayList<>(members.size());
    for (int i = 0; i < members.size(); i++) {
      all.add(new Entity(i, uuid(random), name.apply(i), List.copyOf(members.get(i))));
    }
    return List.copyOf(all);
  }

  static String uuid(SplittableRandom random) {
    return uuid(random.nextLong(), random.nextLong());
  }

  /** A version 4 UUID out of 128 given bits. */
  public static String uuid(long high, long low) {
    return new UUID(
            (high & 0xffffffffffff0fffL) | 0x4000L,
            (low & 0x3fffffffffffffffL) | 0x8000000000000000L)
        .toString();
  }

  public Agent agent(int index) {
    return agents.get(index);
  }

  public Optional<Agent> agent(String userId) {
    return agents.stream().filter(agent -> agent.id().equals(userId)).findFirst();
  }

  public Optional<Entity> queue(String queueId) {
    return queues.stream().filter(queue -> queue.id().equals(queueId)).findFirst();
  }

  /** The agents of a queue, team, group or management unit. */
  public List<Agent> members(Entity place) {
    return place.members().stream().map(this::agent).toList();
  }
}
