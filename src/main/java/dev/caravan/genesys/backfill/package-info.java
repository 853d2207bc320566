/** Reads again after a gap what Genesys Cloud still has. */
package dev.caravan.genesys.backfill;
