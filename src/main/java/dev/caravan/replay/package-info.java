/** Replays what a spool has kept. */
package dev.caravan.replay;
