/** What topics there are, which ones a user means, and how they share channels. Pure. */
package dev.caravan.topic;
