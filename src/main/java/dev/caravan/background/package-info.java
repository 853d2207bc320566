/** Work that runs in the background without ending in silence. Every room may use it. */
package dev.caravan.background;
