# The bridge, built from the sources: a machine that has only Docker is enough.
FROM maven:3.9-eclipse-temurin-25 AS build
WORKDIR /src
ENV MAVEN_ARGS="-B -ntp -q -DskipTests -Dmaven.test.skip=true -Dmdep.skip=true"
COPY pom.xml ./
COPY .mvn .mvn
# Of no sources: fetches libraries and plugins into a layer that is kept as long as they stay
RUN mvn package
COPY src/generated src/generated
COPY src/main src/main
COPY kamelets kamelets
COPY routes routes
RUN mvn package

FROM eclipse-temurin:25-jre AS app
WORKDIR /caravan
COPY --from=build /src/target/quarkus-app/lib lib
COPY docker/bin bin
COPY --from=build /src/target/quarkus-app/quarkus quarkus
COPY --from=build /src/target/quarkus-app/app app
COPY routes routes
# Any user of group 0 may write the data; the order of the jars is part of the cache that is made below.
# --add-opens: what the manifest of Quarkus' own launcher asks for
RUN mkdir /data && chmod 770 /data && chown 10001:0 /data \
    && { echo -Djava.util.logging.manager=org.jboss.logmanager.LogManager; \
        echo --add-opens=java.base/java.lang=ALL-UNNAMED; \
        for part in quarkus app lib/boot lib/main; do ls -d /caravan/$part/*.jar; done \
        | paste -sd: | sed "s|^|-cp |"; } >caravan.args
ENV LANG=C.UTF-8 \
    CARAVAN_DATA_DIR=/data \
    CARAVAN_ROUTES_DIR=/caravan/routes \
    CARAVAN_JARS_DIR=/caravan/jars \
    CARAVAN_SECRETS_DIR=/run/secrets
USER 10001:0

# Runs the bridge once, against the stand-in, and keeps what the JVM loaded and linked
FROM app AS rehearsal
USER root
RUN CARAVAN_AOT= bin/caravan rehearse --option AOTCacheOutput /caravan/caravan.aot

FROM app
COPY --from=rehearsal /caravan/caravan.aot ./
VOLUME /data
EXPOSE 8080 9876
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s --retries=2 CMD ["/caravan/bin/healthy"]
ENTRYPOINT ["/caravan/bin/caravan"]
