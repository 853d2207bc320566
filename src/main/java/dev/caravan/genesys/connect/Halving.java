package dev.caravan.genesys.connect;

import dev.caravan.topic.TopicCombiner;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Decides what to subscribe next when a list is refused as a whole because of some topics in it:
 * halves it until the bad one is found, leaves that out and goes on with the rest. What is bad for
 * one topic is likely to be bad for others of its pattern, so some more of these are tried alone
 * first; only if all of them are bad, too, the pattern counts as refused. It makes at most {@value
 * #MOST_CALLS} calls; what is not told apart by then is left out.
 */
final class Halving {

  static final int MOST_CALLS = 128;

  /** So many topics of one pattern refused alone, and none taken, and the pattern is refused. */
  private static final int SAMPLES = 7;

  private final UnaryOperator<String> patternOf;
  private final Set<String> refusedPatterns;
  private final Map<String, String> bad = new LinkedHashMap<>();

  /** Patterns that are bad for some topic, or were; how many of each were refused alone. */
  private final Map<String, Integer> refusedAlone = new LinkedHashMap<>();

  /** Patterns of which some topic was taken. */
  private final Set<String> granted = new HashSet<>();

  private List<String> rest;

  /** A part of the rest that has a bad one. */
  private List<String> search = List.of();

  /** Topics of a subscription that was refused, to be tried alone. */
  private final List<String> one = new ArrayList<>();

  /** What to try of it before: one is likely to be bad, and the others are to stay together. */
  private final Deque<String> allButOne = new ArrayDeque<>();

  private List<String> trying = List.of();
  private int most = Integer.MAX_VALUE;
  private int calls;
  private String why = "";

  /**
   * @param refusedPatterns those of which all was refused before; is kept up to date
   */
  Halving(
      List<String> subscriptions, UnaryOperator<String> patternOf, Set<String> refusedPatterns) {
    this.patternOf = patternOf;
    this.refusedPatterns = refusedPatterns;
    this.rest = new ArrayList<>(subscriptions);
    refusedPatterns.forEach(pattern -> refusedAlone.put(pattern, 0));
  }

  /** What to subscribe now; empty if nothing is left. */
  List<String> next() {
    if (calls >= MOST_CALLS) {
      leaveOut("It was not told apart from others that were refused. " + why);
    }
    for (String pattern : List.copyOf(refusedAlone.keySet())) {
      if (one.isEmpty() && search.isEmpty() && !granted.contains(pattern)) {
        sample(pattern);
      }
    }
    if (!allButOne.isEmpty()) {
      trying = List.of(allButOne.peek());
    } else if (!one.isEmpty()) {
      trying = List.of(one.get(0));
    } else if (search.size() > 1) {
      trying = List.copyOf(search.subList(0, search.size() / 2));
    } else if (!search.isEmpty()) {
      trying = search;
    } else {
      trying = List.copyOf(rest.subList(0, Math.min(most, rest.size())));
    }
    return trying;
  }

  /** Searches one subscription with the pattern, unless enough have been by now. */
  private void sample(String pattern) {
    List<String> its = rest.stream().filter(it -> !of(pattern, it).isEmpty()).toList();
    int before = refusedAlone.get(pattern);
    if (before >= SAMPLES) {
      refusedPatterns.add(pattern);
      its.forEach(it -> of(pattern, it).forEach(topic -> bad.put(topic, why.strip())));
      rest = rest.stream().flatMap(it -> without(it, of(pattern, it)).stream()).toList();
    } else if (!its.isEmpty()) {
      search = List.of(its.get(its.size() * before / SAMPLES));
    }
  }

  private List<String> of(String pattern, String combined) {
    return TopicCombiner.expandCombined(combined).stream()
        .filter(topic -> patternOf.apply(topic).equals(pattern))
        .toList();
  }

  /** What is left of a subscription, if anything is. */
  private static List<String> without(String combined, List<String> topics) {
    List<String> left = new ArrayList<>(TopicCombiner.expandCombined(combined));
    if (topics.isEmpty() || !left.removeAll(topics)) {
      return List.of(combined);
    }
    return left.isEmpty() ? List.of() : List.of(TopicCombiner.part(combined, left));
  }

  void taken() {
    calls++;
    TopicCombiner.singles(trying).map(patternOf).forEach(granted::add);
    refusedPatterns.removeAll(granted);
    if (!one.isEmpty()) {
      one.removeAll(TopicCombiner.expandCombined(trying.get(0)));
      allButOne.clear();
    } else {
      take(trying);
      search = search.isEmpty() ? search : search.subList(trying.size(), search.size());
    }
  }

  /** All of it was refused because of some topic in it. */
  void refused(String reason) {
    calls++;
    why = reason;
    if (!allButOne.isEmpty()) {
      allButOne.remove();
    } else if (!one.isEmpty()) {
      found(one.remove(0));
    } else if (trying.size() > 1) {
      search = trying;
    } else {
      judge(trying.get(0));
    }
  }

  private void judge(String subscription) {
    search = List.of();
    take(trying);
    List<String> topics = TopicCombiner.expandCombined(subscription);
    List<String> suspects =
        topics.stream().filter(it -> refusedAlone.containsKey(patternOf.apply(it))).toList();
    if (topics.size() == 1) {
      found(subscription);
    } else if (!suspects.isEmpty()) {
      one.addAll(suspects);
      rest = Stream.concat(rest.stream(), without(subscription, suspects).stream()).toList();
    } else {
      one.addAll(topics);
      if (topics.size() > 2) {
        topics.forEach(topic -> allButOne.addAll(without(subscription, List.of(topic))));
      }
    }
  }

  private void found(String topic) {
    bad.put(topic, why);
    refusedAlone.merge(patternOf.apply(topic), 1, Integer::sum);
  }

  /** It was refused for its size, or because the channel has no room for it. */
  void tooMuch(String reason) {
    calls++;
    why = reason;
    search = List.of();
    most = trying.size() / 2;
    if (most == 0) {
      leaveOut(reason);
    }
  }

  private void take(List<String> subscriptions) {
    Set<String> gone = Set.copyOf(subscriptions);
    rest = rest.stream().filter(it -> !gone.contains(it)).toList();
  }

  private void leaveOut(String reason) {
    Stream.concat(one.stream(), TopicCombiner.singles(rest))
        .forEach(topic -> bad.put(topic, reason.strip()));
    rest = List.of();
    search = List.of();
    one.clear();
    allButOne.clear();
  }

  /** Topics that are left out, each with the reason as a sentence. */
  Map<String, String> bad() {
    return bad;
  }
}
