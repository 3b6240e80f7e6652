(ns app.core
  (:require [buddy.sign.jwt :as jwt]
            [clojure.string :as str]
            [compojure.core :refer [defroutes GET]]
            [ring.adapter.jetty :refer [run-jetty]]
            [taoensso.timbre :as log]))

(def secret (System/getenv "JWT_SECRET"))

(defn refuse [request reason]
  (log/warn {:event "token refused" :reason reason :client (:remote-addr request) :path (:uri request)
             :agent (get-in request [:headers "user-agent"])})
  {:status 401 :body "unauthorized"})

(defn wrap-token [handler]
  (fn [request]
    (if-let [header (get-in request [:headers "authorization"])]
      (try
        (let [claims (jwt/unsign (str/replace header "Bearer " "") secret {:alg :hs256})]
          (handler (assoc request :identity claims)))
        (catch Exception e
          (refuse request (ex-message e))))
      (refuse request "missing"))))

(defroutes routes
  (GET "/me" request {:status 200 :body (:sub (:identity request))}))

(def app (wrap-token routes))

(defn -main [] (run-jetty app {:port 3000}))
