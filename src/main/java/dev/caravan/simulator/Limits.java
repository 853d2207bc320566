package dev.caravan.simulator;

import java.time.Duration;

/**
 * The numbers Genesys Cloud documents, as in {@code usual.json}; a scenario may change each.
 *
 * @param channelsPerClient creating one more evicts the channel used least recently
 * @param topicsPerChannel a combined topic counts as one
 * @param topicLength longest combined topic name
 * @param channelLife how long a channel lives after its last subscription
 * @param requestsPerMinute REST calls per token; 0 for no limit
 * @param requestsPerMinuteOfAll REST calls of all tokens together; 0 for no limit, which is the
 *     default because no number is documented for client credentials
 * @param loginsPerMinute token requests per client; 0 for no limit, which is the default because no
 *     number is documented
 * @param pendingBytes how much may wait for a slow reader of one socket
 */
public record Limits(
    int channelsPerClient,
    int topicsPerChannel,
    int topicLength,
    Duration channelLife,
    int requestsPerMinute,
    int requestsPerMinuteOfAll,
    int loginsPerMinute,
    int pendingBytes) {}
