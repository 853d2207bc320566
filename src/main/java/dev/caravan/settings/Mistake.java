package dev.caravan.settings;

import dev.caravan.settings.Setting.HoldsUp;

/** What is wrong with a setting, for log, health and {@code check}. */
record Mistake(HoldsUp holdsUp, String sentence) {}
