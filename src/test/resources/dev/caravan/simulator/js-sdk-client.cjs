// What a user of the official JavaScript SDK would write. Takes the port of the stand-in.
const platformClient = require('purecloud-platform-client-v2');

const worked = (what) => console.log('worked: ' + what);

async function main() {
  const client = platformClient.ApiClient.instance;
  client.setGateway({ host: '127.0.0.1', protocol: 'http', port: Number(process.argv[2]) });
  await client.loginClientCredentialsGrant('demo', 'demo');
  worked('login');
  const users = await new platformClient.UsersApi().getUsers({ pageSize: 25 });
  worked('users ' + users.entities.length);
  const queues = await new platformClient.RoutingApi().getRoutingQueues({ pageSize: 25 });
  worked('queues ' + queues.entities.length);

  const notifications = new platformClient.NotificationsApi();
  const channel = await notifications.postNotificationsChannels();
  worked('channel');
  const topics = [
    { id: 'v2.users.' + users.entities[0].id + '?presence&routingStatus' },
    { id: 'v2.quality.evaluations' },
  ];
  const answer = await notifications.postNotificationsChannelSubscriptions(channel.id, topics, {
    ignoreErrors: true,
  });
  worked('states ' + answer.entities.map((topic) => topic.state).join(' '));
  const listed = await notifications.getNotificationsChannelSubscriptions(channel.id);
  worked('listed ' + listed.entities.length);
  await notifications.headNotificationsChannel(channel.id);
  worked('head');
  await notifications.deleteNotificationsChannelSubscriptions(channel.id);
  worked('delete');
  const available = await notifications.getNotificationsAvailabletopics({ expand: ['transports'] });
  worked('topics ' + available.entities.length);
  try {
    await notifications.getNotificationsChannelSubscriptions('streaming-1-00000000000000000000000000');
  } catch (error) {
    worked('unknown channel ' + error.status);
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
