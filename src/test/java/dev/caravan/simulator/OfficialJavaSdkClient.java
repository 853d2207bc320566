package dev.caravan.simulator;

import com.mypurecloud.sdk.v2.ApiClient;
import com.mypurecloud.sdk.v2.ApiException;
import com.mypurecloud.sdk.v2.api.NotificationsApi;
import com.mypurecloud.sdk.v2.api.RoutingApi;
import com.mypurecloud.sdk.v2.api.UsersApi;
import com.mypurecloud.sdk.v2.extensions.notifications.NotificationEvent;
import com.mypurecloud.sdk.v2.extensions.notifications.NotificationHandler;
import com.mypurecloud.sdk.v2.extensions.notifications.NotificationListener;
import com.mypurecloud.sdk.v2.model.AvailableTopicEntityListing;
import com.mypurecloud.sdk.v2.model.Channel;
import com.mypurecloud.sdk.v2.model.ChannelTopic;
import com.mypurecloud.sdk.v2.model.ConversationEventTopicConversation;
import com.mypurecloud.sdk.v2.model.PresenceEventUserPresence;
import com.mypurecloud.sdk.v2.model.QueueConversationEventTopicConversation;
import com.mypurecloud.sdk.v2.model.QueueEntityListing;
import com.mypurecloud.sdk.v2.model.User;
import com.mypurecloud.sdk.v2.model.UserEntityListing;
import com.mypurecloud.sdk.v2.model.UserRoutingStatusUserRoutingStatus;
import com.neovisionaries.ws.client.WebSocketException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * What a user of the official Java SDK would write, run in a JVM of its own because host names and
 * trust are set there. Prints one line for each thing that worked.
 */
final class OfficialJavaSdkClient {

  private static final int TYPES_EXPECTED = 4;

  private final Set<String> received = new ConcurrentSkipListSet<>();
  private final CountDownLatch allTypes = new CountDownLatch(TYPES_EXPECTED);

  private OfficialJavaSdkClient() {}

  /** Takes the API's base path. */
  public static void main(String[] arguments) throws Exception {
    new OfficialJavaSdkClient().run(arguments[0]);
    System.exit(0);
  }

  private static void worked(String what) {
    System.out.println("worked: " + what);
  }

  private void run(String basePath)
      throws IOException, ApiException, WebSocketException, InterruptedException {
    ApiClient client = ApiClient.Builder.standard().withBasePath(basePath).build();
    refused(client);
    client.authorizeClientCredentials("demo", "demo");
    worked("login");
    UserEntityListing users =
        new UsersApi(client).getUsers(25, 1, null, null, null, List.of("presence"), null, null);
    worked("users " + users.getEntities().size() + " of " + users.getTotal());
    QueueEntityListing queues =
        new RoutingApi(client).getRoutingQueues(1, 25, null, null, null, null, null, null);
    worked("queues " + queues.getEntities().size());
    NotificationsApi notifications = new NotificationsApi(client);
    subscribe(notifications, users.getEntities().get(0).getId());
    listen(client, users, queues);
  }

  private static void refused(ApiClient client) throws IOException {
    try {
      client.authorizeClientCredentials("demo", "wrong");
    } catch (ApiException e) {
      worked("refused with " + e.getStatusCode());
    }
  }

  private static void subscribe(NotificationsApi notifications, String user)
      throws IOException, ApiException {
    Channel channel = notifications.postNotificationsChannels();
    worked("channel expires " + (channel.getExpires() != null));
    List<ChannelTopic> topics =
        List.of(
            new ChannelTopic().id("v2.users." + user + "?presence&routingStatus"),
            new ChannelTopic().id("v2.quality.evaluations"));
    List<ChannelTopic> answered =
        notifications
            .postNotificationsChannelSubscriptions(channel.getId(), topics, true)
            .getEntities();
    worked("states " + answered.get(0).getState() + " " + answered.get(1).getState());
    worked(
        "listed "
            + notifications
                .getNotificationsChannelSubscriptions(channel.getId())
                .getEntities()
                .size());
    notifications.putNotificationsChannelSubscriptions(
        channel.getId(), List.of(new ChannelTopic().id("v2.users." + user + ".presence")), false);
    notifications.headNotificationsChannel(channel.getId());
    notifications.deleteNotificationsChannelSubscriptions(channel.getId());
    worked("channels " + notifications.getNotificationsChannels("token").getEntities().size());
    AvailableTopicEntityListing topicsThereAre =
        notifications.getNotificationsAvailabletopics(
            List.of("transports", "permissionDetails", "topicParameters", "visibility"), true);
    worked("topics " + topicsThereAre.getEntities().size());
    try {
      notifications.headNotificationsChannel("streaming-1-00000000000000000000000000");
    } catch (ApiException e) {
      worked("unknown channel " + e.getStatusCode());
    }
  }

  private void listen(ApiClient client, UserEntityListing users, QueueEntityListing queues)
      throws IOException, ApiException, WebSocketException, InterruptedException {
    List<NotificationListener<?>> listeners = new ArrayList<>();
    for (User user : users.getEntities()) {
      String prefix = "v2.users." + user.getId();
      listeners.add(listener(prefix + ".presence", PresenceEventUserPresence.class));
      listeners.add(listener(prefix + ".routingStatus", UserRoutingStatusUserRoutingStatus.class));
      listeners.add(listener(prefix + ".conversations", ConversationEventTopicConversation.class));
    }
    queues
        .getEntities()
        .forEach(
            queue ->
                listeners.add(
                    listener(
                        "v2.routing.queues." + queue.getId() + ".conversations",
                        QueueConversationEventTopicConversation.class)));
    NotificationHandler handler =
        NotificationHandler.Builder.standard()
            .withApiClient(client)
            .withNotificationListeners(listeners)
            .withAutoConnect(true)
            .build();
    handler.sendPing();
    boolean all = allTypes.await(150, TimeUnit.SECONDS);
    handler.disconnect();
    worked("events " + all + " " + new TreeSet<>(received));
  }

  private <T> NotificationListener<T> listener(String topic, Class<T> type) {
    return new NotificationListener<>() {
      @Override
      public String getTopic() {
        return topic;
      }

      @Override
      public Class<?> getEventBodyClass() {
        return type;
      }

      @Override
      public void onEvent(NotificationEvent<?> event) {
        if (type.isInstance(event.getEventBody()) && received.add(type.getSimpleName())) {
          allTypes.countDown();
        }
      }
    };
  }
}
