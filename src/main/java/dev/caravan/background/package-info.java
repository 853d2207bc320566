/**
 * Work that runs in the background without ending in silence, and what components of Camel share.
 * Every room may use it.
 */
package dev.caravan.background;
