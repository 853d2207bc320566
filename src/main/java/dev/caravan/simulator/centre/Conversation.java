package dev.caravan.simulator.centre;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** One conversation, from the customer's first sign to the last wrap-up. */
public final class Conversation {

  /** How far a queue has come with it. */
  enum Observed {
    WAITING("oWaiting"),
    ALERTING("oAlerting"),
    INTERACTING("oInteracting");

    final String metric;

    Observed(String metric) {
      this.metric = metric;
    }
  }

  final String id;
  final Medium medium;

  /** Kind of message in lower case; empty if it is none. */
  final String messageType;

  final String customerName;
  final String customerAddress;
  final String subject;
  final long started;
  final List<Participant> parties = new ArrayList<>(4);
  final Map<String, String> attributes = new TreeMap<>();

  Entity division;

  /** The one it is or last was in. */
  Entity queue;

  /** What greets the customer; null if nothing does. */
  Entity flow;

  int messages;
  int priority;
  int records;
  String contactId = "";
  Side side = Side.NONE;

  /** When the customer left; 0 as long as they have not. */
  long ended;

  String lastMessageId = "";
  long lastMessageAt;

  Conversation(
      String id,
      Medium medium,
      String messageType,
      String customerName,
      String customerAddress,
      String subject,
      long started) {
    this.id = id;
    this.medium = medium;
    this.messageType = messageType;
    this.customerName = customerName;
    this.customerAddress = customerAddress;
    this.subject = subject;
    this.started = started;
  }

  public String id() {
    return id;
  }

  public long started() {
    return started;
  }

  boolean over() {
    return ended > 0;
  }

  Participant customer() {
    return parties.get(0);
  }

  Optional<Participant> last(String purpose) {
    return parties.stream()
        .filter(party -> party.purpose.equals(purpose))
        .reduce((earlier, later) -> later);
  }

  /** Keeps nothing that could be written again. */
  void forgetText() {
    parties.forEach(Participant::forgetText);
  }

  /** The number to call back, without what says that it is one. */
  String phone() {
    return customerAddress.startsWith("tel:") ? customerAddress.substring(4) : customerAddress;
  }

  /** What a queue would count it as; nothing while no queue holds it. */
  Optional<Observed> observed() {
    Optional<Observed> observed = Optional.empty();
    if (over()) {
      return observed;
    }
    for (Participant party : parties) {
      if (party.purpose.equals("agent") && party.stage == Participant.Stage.CONNECTED) {
        return Optional.of(Observed.INTERACTING);
      }
      if (party.purpose.equals("agent") && party.stage == Participant.Stage.ALERTING) {
        observed = Optional.of(Observed.ALERTING);
      } else if (party.purpose.equals("acd") && !party.over() && observed.isEmpty()) {
        observed = Optional.of(Observed.WAITING);
      }
    }
    return observed;
  }
}
