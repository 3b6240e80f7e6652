(ns app.core
  (:require [buddy.auth :refer [authenticated?]]
            [buddy.auth.backends :as backends]
            [buddy.auth.middleware :refer [wrap-authentication]]
            [clojure.tools.logging :as log]
            [compojure.core :refer [defroutes GET]]
            [ring.util.response :refer [response status]]))

(defn refused [request reason]
  (log/warn {:event "token refused" :reason reason :client (:remote-addr request) :path (:uri request)
             :agent (get-in request [:headers "user-agent"])}))

(def backend
  (backends/jws {:secret (System/getenv "JWT_SECRET") :options {:alg :hs512}
                 :on-error (fn [request e] (refused request (ex-message e)))}))

(defn wrap-restricted [handler]
  (fn [request]
    (if (authenticated? request)
      (handler request)
      (do (refused request "missing")
          (-> (response {:error "unauthorized"}) (status 401))))))

(defn profile [request] (response {:user (:identity request)}))

(defroutes routes (GET "/profile" [] profile))

(def app
  (-> routes
      wrap-restricted
      (wrap-authentication backend)))
