package dev.caravan.genesys.connect;

import dev.caravan.topic.TopicCombiner;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * Decides what to subscribe next when a list is refused as a whole because of some topics in it:
 * halves it until the bad one is found, leaves that out and goes on with the rest. What is bad for
 * one topic is likely to be bad for others of its pattern, so these are set apart and tried last.
 * It makes at most {@value #MOST_CALLS} calls; what is not told apart by then is left out.
 */
final class Halving {

  static final int MOST_CALLS = 128;

  /** So many refused parts of one pattern, and none that was taken, and it counts as refused. */
  private static final int SAMPLES = 7;

  private final UnaryOperator<String> patternOf;
  private final Set<String> refusedPatterns;
  private final Map<String, String> bad = new LinkedHashMap<>();
  private final Map<String, List<String>> apart = new TreeMap<>();
  private List<String> rest;
  private List<String> search = List.of();
  private final Deque<String> alone = new ArrayDeque<>();
  private Optional<Sampling> sampling = Optional.empty();
  private List<String> trying = List.of();
  private int calls;
  private String why = "";

  /** The parts that are left of one pattern that is bad for some topic. */
  private static final class Sampling {
    private final String pattern;
    private final Deque<List<String>> parts = new ArrayDeque<>();
    private int refused;
    private boolean taken;

    Sampling(String pattern, List<String> topics) {
      this.pattern = pattern;
      parts.add(topics);
    }
  }

  /**
   * @param patternOf the pattern of a topic
   * @param refusedPatterns those of which all was refused before; is kept up to date
   */
  Halving(
      List<String> subscriptions, UnaryOperator<String> patternOf, Set<String> refusedPatterns) {
    this.patternOf = patternOf;
    this.refusedPatterns = refusedPatterns;
    this.rest = new ArrayList<>(subscriptions);
    List.copyOf(refusedPatterns).forEach(this::setApart);
  }

  /** What to subscribe now; empty if nothing is left. */
  List<String> next() {
    if (calls >= MOST_CALLS) {
      giveUp();
    }
    if (!alone.isEmpty()) {
      trying = List.of(alone.peek());
    } else if (search.size() > 1) {
      trying = search.subList(0, search.size() / 2);
    } else if (!search.isEmpty()) {
      trying = search;
    } else if (!rest.isEmpty()) {
      trying = rest;
    } else {
      trying = nextApart();
    }
    trying = List.copyOf(trying);
    return trying;
  }

  private List<String> nextApart() {
    while (sampling.isEmpty() || sampling.get().parts.isEmpty()) {
      if (apart.isEmpty()) {
        return List.of();
      }
      String pattern = apart.keySet().iterator().next();
      sampling = Optional.of(new Sampling(pattern, apart.remove(pattern)));
    }
    return sampling.get().parts.peek();
  }

  /** It was subscribed. */
  void taken() {
    calls++;
    if (!alone.isEmpty()) {
      alone.remove();
    } else if (!rest.isEmpty()) {
      rest.removeAll(Set.copyOf(trying));
      search = search.isEmpty() ? search : search.subList(trying.size(), search.size());
    } else {
      sampling.ifPresent(
          of -> {
            of.parts.remove();
            of.taken = true;
            refusedPatterns.remove(of.pattern);
          });
    }
  }

  /**
   * All of it was refused.
   *
   * @param reason a sentence
   */
  void refused(String reason) {
    calls++;
    why = reason;
    if (!alone.isEmpty()) {
      found(alone.remove());
    } else if (!rest.isEmpty()) {
      search = trying;
      if (search.size() == 1) {
        String one = search.get(0);
        search = List.of();
        rest.remove(one);
        List<String> singles = TopicCombiner.expandCombined(one);
        if (singles.size() == 1) {
          found(one);
        } else {
          alone.addAll(singles);
        }
      }
    } else {
      sampling.ifPresent(this::refused);
    }
  }

  private void refused(Sampling of) {
    List<String> part = of.parts.remove();
    of.refused++;
    boolean hopeless = !of.taken && (refusedPatterns.contains(of.pattern) || of.refused >= SAMPLES);
    if (hopeless) {
      refusedPatterns.add(of.pattern);
      part.forEach(topic -> bad.put(topic, why));
      of.parts.forEach(others -> others.forEach(topic -> bad.put(topic, why)));
      of.parts.clear();
    } else if (part.size() == 1) {
      bad.put(part.get(0), why);
    } else {
      of.parts.add(part.subList(0, part.size() / 2));
      of.parts.add(part.subList(part.size() / 2, part.size()));
    }
  }

  private void found(String topic) {
    bad.put(topic, why);
    String pattern = patternOf.apply(topic);
    setApart(pattern);
    if (!apart.containsKey(pattern)) {
      refusedPatterns.add(pattern);
    }
  }

  private void setApart(String pattern) {
    List<String> others = new ArrayList<>();
    List<String> kept = new ArrayList<>();
    for (String subscription : rest) {
      List<String> singles = TopicCombiner.expandCombined(subscription);
      List<String> good = new ArrayList<>(singles);
      good.removeIf(single -> patternOf.apply(single).equals(pattern));
      if (good.size() == singles.size()) {
        kept.add(subscription);
      } else {
        singles.stream().filter(single -> !good.contains(single)).forEach(others::add);
        if (!good.isEmpty()) {
          kept.add(TopicCombiner.part(subscription, good));
        }
      }
    }
    rest = kept;
    if (!others.isEmpty()) {
      apart.computeIfAbsent(pattern, key -> new ArrayList<>()).addAll(others);
    }
  }

  private void giveUp() {
    String reason = "It was not told apart from others that were refused. " + why;
    List<String> left = new ArrayList<>(rest);
    left.addAll(alone);
    apart.values().forEach(left::addAll);
    sampling.ifPresent(of -> of.parts.forEach(left::addAll));
    left.sort(Comparator.naturalOrder());
    TopicCombiner.singles(left).forEach(topic -> bad.put(topic, reason.strip()));
    rest = List.of();
    search = List.of();
    alone.clear();
    apart.clear();
    sampling = Optional.empty();
  }

  /** Topics that are left out, each with the reason as a sentence. */
  Map<String, String> bad() {
    return bad;
  }
}
