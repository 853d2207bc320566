/** What may be set, and what a run makes of it. */
package dev.caravan.settings;
