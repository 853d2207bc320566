package dev.caravan.simulator.centre;

import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** Everything that could have come out otherwise, drawn from one seed. */
final class Chance {

  private static final List<String> CALLERS =
      List.of(
          ("Alice Martin,Bruno Keller,Carla Núñez,Daan de Vries,Élodie Petit,Farid Haddad,"
                  + "Greta Nowak,Hiro Sato,Ivana Horvat,Jonas Weber")
              .split(","));
  private static final List<String> SUBJECTS =
      List.of(
          "Order %d",
          "Invoice %d is wrong", "Question about contract %d", "Complaint %d", "Re: Offer %d");
  private static final List<String> MESSAGE_TYPES =
      List.of("whatsapp", "webmessaging", "sms", "open", "facebook", "instagram", "line");

  /** Each medium has the share of all conversations from its number to the next one. */
  private static final NavigableMap<Double, Medium> BEGINNINGS =
      new TreeMap<>(
          Map.of(
              0.00, Medium.VOICE,
              0.43, Medium.CHAT,
              0.57, Medium.MESSAGE,
              0.77, Medium.EMAIL,
              0.88, Medium.CALLBACK,
              0.94, Medium.VIDEO,
              0.97, Medium.SOCIAL));

  private final SplittableRandom random;

  Chance(long seed) {
    random = new SplittableRandom(seed);
  }

  String id() {
    return Organization.uuid(random);
  }

  boolean happens(double probability) {
    return random.nextDouble() < probability;
  }

  int below(int bound) {
    return random.nextInt(bound);
  }

  <T> T one(List<T> all) {
    return all.get(below(all.size()));
  }

  long between(long least, long most) {
    return random.nextLong(least, most + 1);
  }

  /** A waiting time with that mean, as calls that know nothing of each other come in. */
  long exponential(double mean) {
    return (long) (-Math.log(1 - random.nextDouble()) * mean);
  }

  private Medium medium() {
    return BEGINNINGS.floorEntry(random.nextDouble()).getValue();
  }

  /** Somebody who wants something, by some medium. */
  Conversation conversation(long now) {
    Medium medium = medium();
    String caller = one(CALLERS);
    String messageType = medium == Medium.MESSAGE ? one(MESSAGE_TYPES) : "";
    String phone = "+331" + (10_000_000 + below(89_999_999));
    String customer =
        switch (medium) {
          case VOICE, CALLBACK -> "tel:" + phone;
          case EMAIL, CHAT, VIDEO -> "customer" + below(1_000_000) + "@example.com";
          case SOCIAL -> "@customer" + below(1_000_000);
          case MESSAGE -> phone.substring(1);
        };
    String subject =
        medium == Medium.EMAIL || medium == Medium.SOCIAL
            ? String.format(one(SUBJECTS), 1000 + below(9000))
            : "";
    Conversation conversation =
        new Conversation(id(), medium, messageType, caller, customer, subject, now);
    conversation.attributes.put("context.language", happens(0.5) ? "fr-FR" : "en-US");
    if (happens(0.6)) {
      conversation.attributes.put("crm.account", Integer.toString(100_000 + below(900_000)));
    }
    conversation.priority = below(3);
    conversation.contactId = happens(0.5) ? id() : "";
    return conversation;
  }

  /** How long a conversation of that medium takes an agent. */
  long talkMillis(Medium medium) {
    return 15_000 + exponential(medium.talkMillis);
  }
}
